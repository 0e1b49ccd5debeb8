"""What Apache Otava says of series: JSON in, JSON out. Run by a Python that has apache-otava, which is none of ours."""

import json
import sys

from otava.analysis import compute_change_points

series = json.load(sys.stdin)
json.dump([[int(each.index) for each in compute_change_points(values)[0]] for values in series], sys.stdout)
