"""Pages, links and webhooks that are reached without signing in, all under /ec/.

routes        the path of a request, its token and method; calls the others and commits
hits          the image and the links of a mail
view          a mail in the browser
preferences   the unsubscribe link, one-click unsubscription, and the page with a recipient's choices
signup        the form of a list, and the confirmation by mail (double opt-in)
webhooks      what providers report: bounces, complaints
own_device    a cookie for our own users' devices, whose opens and clicks are not counted
page          renders pages/page.html, the only page there is
"""
