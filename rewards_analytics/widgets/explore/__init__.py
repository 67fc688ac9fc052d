"""The dashboard: `widget` keeps the state, `state` says what a state is, `page` renders it.

`selection` has the rewards and answers what `views` ask of a choice, from sums in memory (`prepared`) or by their
engine (`answers`). `explore.js` puts the HTML in place in the browser and sends what is pressed.
"""
