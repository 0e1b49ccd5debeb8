"""Answers in the shapes that the sources' documentation describes, made small; none was recorded live."""

import json

RELEASES = b"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Release notes from thing</title>
<entry><id>tag:github.com,2008:Repository/1/v2.1.0-rc.1</id><updated>2026-08-05T10:00:00Z</updated><title>v2.1.0-rc.1</title></entry>
<entry><id>tag:github.com,2008:Repository/1/v2.0.0</id><updated>2026-07-20T10:00:00Z</updated><title>v2.0.0</title></entry>
<entry><id>tag:github.com,2008:Repository/1/v1.9.0</id><updated>2026-02-01T10:00:00Z</updated><title>Spring</title></entry>
<entry><id>tag:github.com,2008:Repository/1/v1.0.0</id><updated>2024-02-01T10:00:00Z</updated><title>v1.0.0</title></entry>
</feed>"""
NO_RELEASES = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Release notes from thing</title></feed>"""
REPOSITORY = json.dumps(
    {
        "full_name": "a/thing",
        "html_url": "https://github.com/a/thing",
        "stargazers_count": 1200,
        "archived": False,
        "license": {"spdx_id": "Apache-2.0"},
        "created_at": "2024-01-01T00:00:00Z",
        "pushed_at": "2026-08-01T00:00:00Z",
    }
).encode()
RENAMED = REPOSITORY.replace(b"a/thing", b"b/thing")
ARTIFACT_HUB = json.dumps(
    {
        "packages": [
            {"name": "thing", "normalized_name": "thing", "stars": 12, "version": "1.2.3", "repository": {"name": "things"}},
            {"name": "other-thing", "normalized_name": "other-thing", "stars": 99, "version": "9"},
        ]
    }
).encode()
HACKER_NEWS = json.dumps(
    {
        "nbHits": 2,
        "hits": [
            {"objectID": "41", "title": "Thing <script>alert(1)</script> is fast", "url": "https://github.com/a/thing"},
            {"objectID": "42", "title": "A thing I like", "url": "https://blog.example/thing"},
        ],
    }
).encode()
LFX = json.dumps({"name": "Thing", "healthScore": 82, "activeContributors": 40}).encode()
FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title>
<item><title>&lt;b&gt;Thing&lt;/b&gt; 2.0 &lt;script&gt;alert(1)&lt;/script&gt;</title><link>https://blog.example/1</link>
<pubDate>not a date</pubDate></item>
<item><title>Something else</title><link>https://blog.example/2</link>
<description>see https://github.com/a/thing for more</description></item>
<item><title>Nothing of it, only things</title><link>https://blog.example/3</link></item>
</channel></rss>"""
TRENDING = b"""<html><body><article class="Box-row">
<a href="/sponsors/somebody" class="btn">Sponsor</a>
<h2 class="h3"><a data-hydro-click="{}" href="/a/thing" class="Link"><span>a /</span> thing</a></h2>
<span itemprop="programmingLanguage">Go</span> <a href="/a/thing/stargazers">12,345</a>
<span class="d-inline-block float-sm-right">1,234 stars this week</span></article>
<article class="Box-row"><h2><a href="/b/other">b / other</a></h2></article></body></html>"""
