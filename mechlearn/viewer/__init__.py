"""The viewer: pathways as one page that opens in any browser, without a network."""

from .page import write_viewer as write_viewer
