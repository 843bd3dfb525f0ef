"""A reply with everything that Markdown may hold, for tests and for screenshots."""

REPLY = """Rome has been the capital since **1871**. Before that it was \
[Florence](https://example.org/florence), and before that Turin.

## How it moved

1. The kingdom was proclaimed in Turin.
2. The court went to Florence in 1865:
   - the ministries followed,
   - then the parliament.
3. Rome was joined, and the court moved again.

| City     | From | Inhabitants |
|:---------|:----:|------------:|
| Turin    | 1861 |     204,715 |
| Florence | 1865 |     150,000 |
| Rome     | 1871 |     212,432 |

The distance is easy to compute:

```python
from math import asin, cos, radians, sin, sqrt

EARTH_KM = 6371.0

def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    \"\"\"The way from one place to another on a sphere.\"\"\"
    (a, b), (c, d) = (map(radians, place) for place in (one, other))
    half = sin((c - a) / 2) ** 2 + cos(a) * cos(c) * sin((d - b) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))
```

It is the haversine formula, with $r$ for the radius:

$$d = 2r \\arcsin\\sqrt{\\sin^2\\frac{\\varphi_2-\\varphi_1}{2} + \
\\cos\\varphi_1\\cos\\varphi_2\\sin^2\\frac{\\lambda_2-\\lambda_1}{2}}$$

> All roads lead there, and `snake_case_names` stay as they are.

![The Forum](http://127.0.0.1:9/forum.png)
"""
THOUGHTS = (
    "The question is about the capital of Italy.\n\nThe person may also want to know **when** it changed. "
)
