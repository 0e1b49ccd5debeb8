"""Answers in the shapes that the sources document, with values of our own; none was recorded live.

| source | where its shape is written down |
|---|---|
| releases, repositories | GitHub's REST API: "List releases", "Get a repository"; the feed: what GitLab and Forgejo serve |
| Artifact Hub | docs/api/openapi.yaml of artifacthub/hub, 1.22.0: PackageSummary |
| Hacker News | app/javascript/views/Api.tsx of algolia/hn-search: search_by_date |
| LFX Insights | frontend/docs/openapi.json of linuxfoundation/insights, 1.0.0: ProjectInsight |
| trending | a page of GitHub's, as its readers' tests have it: `article.Box-row` |
"""

import json


def release(tag, published, *, prerelease=False, draft=False):
    """One of `GET /repos/OWNER/NAME/releases`."""
    return {
        "id": 1,
        "tag_name": tag,
        "target_commitish": "main",
        "name": f"Thing {tag}",
        "draft": draft,
        "prerelease": prerelease,
        "created_at": published,
        "published_at": None if draft else published,
        "html_url": f"https://github.com/a/thing/releases/tag/{tag}",
        "author": {"login": "somebody"},
        "assets": [{"name": "thing.tar.gz", "download_count": 12}],
        "body": "## What changed\n- <script>alert(1)</script>",
    }


RELEASES = json.dumps(
    [
        release("v2.2.0", "2026-08-06T10:00:00Z", draft=True),
        release("v2.1.0-rc.1", "2026-08-05T10:00:00Z", prerelease=True),
        release("v2.1.0-beta", "2026-08-04T10:00:00Z"),  # by its name alone
        release("v2.0.0", "2026-07-20T10:00:00Z"),
        release("v1.9.0", "2026-02-01T10:00:00Z"),
        release("v1.0.0", "2024-02-01T10:00:00Z"),
    ]
).encode()
NO_RELEASES = b"[]"
RELEASES_FEED = b"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Release notes from thing</title>
<entry><id>tag:forge.example,2008:Repository/1/v2.1.0-rc.1</id><updated>2026-08-05T10:00:00Z</updated><title>v2.1.0-rc.1</title></entry>
<entry><id>tag:forge.example,2008:Repository/1/v2.0.0</id><updated>2026-07-20T10:00:00Z</updated><title>v2.0.0</title></entry>
<entry><id>tag:forge.example,2008:Repository/1/v1.9.0</id><updated>2026-02-01T10:00:00Z</updated><title>Spring</title></entry>
<entry><id>tag:forge.example,2008:Repository/1/v1.0.0</id><updated>2024-02-01T10:00:00Z</updated><title>v1.0.0</title></entry>
</feed>"""
NO_RELEASES_FEED = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Release notes from thing</title></feed>"""
REPOSITORY = json.dumps(
    {
        "id": 7,
        "name": "thing",
        "full_name": "a/thing",
        "private": False,
        "owner": {"login": "a", "type": "Organization"},
        "html_url": "https://github.com/a/thing",
        "description": None,
        "fork": False,
        "homepage": "https://thing.example",
        "stargazers_count": 1200,
        "forks_count": 80,
        "open_issues_count": 3,
        "archived": False,
        "disabled": False,
        "license": {"key": "apache-2.0", "name": "Apache License 2.0", "spdx_id": "Apache-2.0"},
        "topics": ["gateway"],
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2026-08-02T00:00:00Z",
        "pushed_at": "2026-08-01T00:00:00Z",
    }
).encode()
RENAMED = REPOSITORY.replace(b"a/thing", b"b/thing")


def package(name, stars, version):
    """A PackageSummary."""
    return {
        "package_id": "3f0d0a4e-0000-4000-8000-000000000001",
        "name": name,
        "normalized_name": name,
        "stars": stars,
        "description": "packed for Kubernetes",
        "version": version,
        "app_version": "2.0.0",
        "deprecated": False,
        "ts": 1785000000,
        "repository": {
            "repository_id": "3f0d0a4e-0000-4000-8000-000000000002",
            "name": "things",
            "kind": 0,
            "url": "https://charts.example",
            "verified_publisher": False,
            "official": False,
        },
    }


ARTIFACT_HUB = json.dumps({"packages": [package("thing", 12, "1.2.3"), package("other-thing", 99, "9")]}).encode()


def story(number, title, url):
    """A hit of search_by_date; of a question to all, `url` is missing or null."""
    return {
        "objectID": str(number),
        "created_at": "2026-08-01T10:00:00Z",
        "created_at_i": 1785578400,
        "author": "somebody",
        "title": title,
        "url": url,
        "points": 3,
        "num_comments": 1,
        "story_id": number,
        "_tags": ["story", "author_somebody", f"story_{number}"],
        "_highlightResult": {"title": {"value": title, "matchLevel": "full", "matchedWords": ["thing"]}},
    }


HACKER_NEWS = json.dumps(
    {
        "hits": [
            story(41, "Thing <script>alert(1)</script> is fast", "https://github.com/a/thing"),
            story(42, "A thing I like", "https://blog.example/thing"),
            story(43, "Ask HN: a thing?", None),
        ],
        "nbHits": 3,
        "page": 0,
        "nbPages": 1,
        "hitsPerPage": 20,
        "query": "a/thing",
    }
).encode()
LFX = json.dumps(
    {
        "id": "x",
        "type": "project",
        "name": "Thing",
        "slug": "thing",
        "repoUrl": "https://github.com/a/thing",
        "isLF": True,
        "status": "active",
        "maturity": "sandbox",
        "healthScore": 82,
        "contributorHealthScore": 70,
        "contributorCount": 4321,  # ever
        "organizationCount": 12,
        "contributorDependencyCount": 2,
        "contributorDependencyPercentage": 61.5,
        "firstCommit": "2024-01-01T00:00:00.000Z",
        "starsLast365Days": 300,
        "activeContributorsLast365Days": 40,
        "activeContributorsPrevious365Days": 31,
        "achievements": [],
    }
).encode()
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
