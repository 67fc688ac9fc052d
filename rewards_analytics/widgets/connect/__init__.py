"""The fetch form: choose a member, follow the job, answer the institution's questions, see the rewards.

`form` is the widget, `background` runs its API calls, `questions` has a field per question, `names` lists users and
members, `html` renders what is shown, and `demo_sandbox` stands in for the API where there are no keys.
"""
