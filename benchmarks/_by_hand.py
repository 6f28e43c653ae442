"""The six questions as somebody writes them by hand for DuckDB over files, tail and owners."""

from __future__ import annotations

EV = """WITH ev AS (
  SELECT {columns}, coalesce(o.profile_id, e.profile_id) AS who
  FROM (SELECT {columns}, profile_id, alias_id FROM read_parquet($files)
    UNION ALL SELECT {columns}, profile_id, alias_id FROM tail) e
  LEFT JOIN owners o ON o.alias_id = e.alias_id)"""

CHANNELS = (
    EV.format(columns="happened_at, name, campaign_source")
    + """
SELECT happened_at::date, campaign_source, count(DISTINCT who) FROM ev
WHERE happened_at >= $start AND happened_at < $end AND name = 'Page Viewed'
GROUP BY 1, 2 ORDER BY 1, 2"""
)

FUNNEL = (
    EV.format(columns="happened_at, id, name")
    + """, e AS (
  SELECT who, happened_at AS ts, id, name FROM ev
  WHERE happened_at >= $start AND happened_at < $end
    AND name IN ('Product Viewed', 'Product Added', 'Order Completed')),
a AS (SELECT *, max(CASE WHEN name = 'Product Viewed' THEN ts END) OVER w AS t1 FROM e
  WINDOW w AS (PARTITION BY who ORDER BY ts, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
b AS (SELECT *, CASE WHEN name = 'Product Added' AND ts <= t1 + INTERVAL 7 DAY THEN t1 END AS c2
  FROM a),
c AS (SELECT *, max(c2) OVER (PARTITION BY who ORDER BY ts, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS t2 FROM b),
p AS (SELECT who, max(CASE WHEN name = 'Order Completed' AND ts <= t2 + INTERVAL 7 DAY THEN 3
  WHEN c2 IS NOT NULL THEN 2 WHEN name = 'Product Viewed' THEN 1 ELSE 0 END) AS level
  FROM c GROUP BY 1)
SELECT count(*) FILTER (level >= 1), count(*) FILTER (level >= 2), count(*) FILTER (level >= 3)
FROM p"""
)

RETENTION = (
    EV.format(columns="happened_at, name")
    + """, a AS (
  SELECT DISTINCT who, date_trunc('week', happened_at)::date AS week FROM ev
  WHERE happened_at >= $start AND happened_at < $end AND name = 'Page Viewed'),
f AS (SELECT who, week, min(week) OVER (PARTITION BY who) AS cohort FROM a)
SELECT cohort, (week - cohort) // 7, count(*) FROM f GROUP BY 1, 2 ORDER BY 1, 2"""
)

ATTRIBUTION = (
    EV.format(columns="happened_at, id, name, campaign_source, amount")
    + """, cv AS (
  SELECT who, id AS cid, happened_at AS cts, amount::double AS revenue FROM ev
  WHERE name = 'Order Completed' AND happened_at >= $start AND happened_at < $end),
t AS (SELECT who, happened_at AS ts, campaign_source AS channel, id FROM ev
  WHERE name = 'Session Started' AND happened_at >= $start - INTERVAL 30 DAY
    AND happened_at < $end),
j AS (SELECT cid, revenue, channel, row_number() OVER (PARTITION BY cid ORDER BY t.ts, t.id) AS i,
    count(*) OVER (PARTITION BY cid) AS n,
    power(0.5::double, epoch(cts - t.ts) / 604800) AS w
  FROM cv JOIN t ON t.who = cv.who AND t.ts > cv.cts - INTERVAL 30 DAY
    AND (t.ts < cv.cts OR (t.ts = cv.cts AND t.id < cv.cid))),
k AS (SELECT *, sum(w) OVER (PARTITION BY cid) AS sw FROM j)
SELECT channel, sum(CASE WHEN i = n THEN revenue ELSE 0 END),
  sum(CASE WHEN i = 1 THEN revenue ELSE 0 END), sum(revenue / n),
  sum(revenue * CASE WHEN n = 1 THEN 1 WHEN n = 2 THEN 0.5 WHEN i = 1 OR i = n THEN 0.4
    ELSE 0.2 / (n - 2) END::double),
  sum(revenue * w / sw)
FROM k GROUP BY 1 ORDER BY 1"""
)

TOP = (
    EV.format(columns="happened_at, name, path, properties")
    + """
(SELECT 'page' AS kind, path AS value, count(*) AS n, count(DISTINCT who) FROM ev
  WHERE name = 'Page Viewed' AND happened_at >= $start AND happened_at < $end
  GROUP BY ALL ORDER BY n DESC, value LIMIT 20)
UNION ALL
(SELECT 'search', properties ->> 'query' AS value, count(*) AS n, count(DISTINCT who) FROM ev
  WHERE name = 'Searched' AND happened_at >= $start AND happened_at < $end
  GROUP BY ALL ORDER BY n DESC, value LIMIT 20)"""
)

# `spanish` is read from PostgreSQL on both sides: people's traits are nowhere else.
SPANISH = "COPY (SELECT id FROM customers_profile WHERE traits->>'country' = 'ES') TO STDOUT"
SEGMENT = (
    EV.format(columns="happened_at, name, path")
    + """, b AS (
  SELECT who FROM ev WHERE name = 'Order Completed' AND happened_at >= $start
    AND happened_at < $end GROUP BY 1 HAVING count(*) >= 2),
v AS (SELECT DISTINCT who FROM ev WHERE name = 'Page Viewed' AND path = '/p/2'
    AND happened_at >= $end - INTERVAL 7 DAY AND happened_at < $end)
SELECT count(*) FROM b JOIN v USING (who) JOIN spanish s ON s.profile_id = b.who"""
)
