"""Answers in words: text stays text, whatever a provider wrote in it."""

from rewards_analytics.show.prose import Sentences


def test_markup_is_shown_as_text():
    said = Sentences([("<b>$5</b>", " & <i>more</i>")], opening="<script>")

    assert said._repr_html_() == (
        '<div class="mathjax_ignore tex2jax_ignore"><p>&lt;script&gt;</p>'
        "<ul><li><strong>&lt;b&gt;$5&lt;/b&gt;</strong> &amp; &lt;i&gt;more&lt;/i&gt;</li></ul></div>"
    )


def test_as_plain_text_each_line_stands_by_itself():
    assert repr(Sentences(iter(["one", ("two", " lots")]))) == "- one\n- two lots"
