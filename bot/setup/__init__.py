"""`/setup`: the GitHub App is made from a manifest, or one that exists is taken over."""
