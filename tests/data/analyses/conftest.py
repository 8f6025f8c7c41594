"""These are the tests of made-up repositories: data, and none of Covgate's own."""

collect_ignore_glob = ["*"]
