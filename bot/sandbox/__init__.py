"""A local stand-in of GitHub: stateful, strict, and in one process.

`covgate sandbox` runs the whole loop against it, and so do the end-to-end tests. It knows
nothing of Covgate: it speaks GitHub's REST API and sends GitHub's webhooks.
"""
