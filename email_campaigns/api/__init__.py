"""The app's interface to browsers: functions that check permissions and call the rooms below.

desk/     whitelisted functions that the Desk's forms and lists call, for signed-in users
public/   pages and links that recipients reach without signing in, /ec/…
exports   hooks that leave no formula in a file with one of our lists

Nothing here decides how mail is made or sent. The functions in desk/ leave the commit to the framework;
public/routes.py commits itself, as jobs/ does.
"""
