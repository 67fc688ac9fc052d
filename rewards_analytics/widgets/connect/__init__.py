"""The fetch form: choose a member, follow the job, answer the institution's questions, see the rewards.

`form` is the widget: its state, and what each event of the page does. `chosen` holds the user and the member, `job`
runs one job, `view` draws the page by `templates/connect.html`, `words` says what a job does and what went wrong,
`questions` shows questions and reads answers, `names` lists users and members, `background` runs the API calls, and
`demo_sandbox` stands in for the API until you have keys.
"""
