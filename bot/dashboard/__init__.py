"""The pages, badges and answers that show what Covgate found; nothing here writes.

Requests come in at `routes` (pages and badges) and `api` (JSON). Both ask `access` who may
see a repository, `reading` for what there is of it, and `pages` to make of it what a
template shows. Plots are drawn by `plots`, without script.
"""
