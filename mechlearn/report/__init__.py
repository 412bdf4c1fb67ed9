"""What was asked, found and checked, as a page and as text that an engineer can sign."""

from .content import report_content as report_content
from .subject import Subject as Subject
from .subject import studied_subject as studied_subject
from .subject import validated_subject as validated_subject
from .writing import report_html as report_html
from .writing import report_markdown as report_markdown
from .writing import write_report as write_report
