"""Content → a page that needs nothing else: one look for all reports, on screens, in the dark and on paper."""

from .chart import COLOURS as COLOURS
from .chart import INK as INK
from .chart import MARKERS as MARKERS
from .chart import PAPER as PAPER
from .chart import chart as chart
from .chart import inline_svg as inline_svg
from .chart import plain as plain
from .words import span_text as span_text
from .writing import fingerprints as fingerprints
from .writing import page_html as page_html
from .writing import template as template
