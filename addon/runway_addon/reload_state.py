"""What outlives a reload of the script: mitmproxy reloads `runway.py` alone, and its connections go on."""

from __future__ import annotations

import os
import sys
import weakref

from mitmproxy import http

from runway_addon import listening
from runway_addon.addresses import Addresses
from runway_addon.admission import AdmittedCall
from runway_addon.body_limit import BodyLimits
from runway_addon.connections import Connections
from runway_addon.downloads import Fetch
from runway_addon.flow_notes import FlowNotes
from runway_addon.guard import Decisions, Guard, LastGood
from runway_addon.http_layer import RequestForms
from runway_addon.log_throttle import LogThrottle
from runway_addon.models_answers import ModelsAnswers, ModelsFlow
from runway_addon.new_configuration import NewConfiguration
from runway_addon.options import AddonOptions
from runway_addon.redact import SignedLinks
from runway_addon.video_calls import VideoCalls
from runway_videos.service import Service

service: Service | None = None

options = AddonOptions(sys.argv[1:], os.environ)

new_configuration = NewConfiguration(options)

connections = Connections()
links = SignedLinks()
forms = RequestForms(links)

#: Flows on which an addon has decided; the guard answers for all others.
decisions = Decisions()
#: Video calls whose bodies have not come yet.
calls: weakref.WeakKeyDictionary[http.HTTPFlow, AdmittedCall] = weakref.WeakKeyDictionary()
guard = Guard(connections, forms, decisions, calls, LogThrottle())
last_good = LastGood()

#: Bodies of video calls while they come.
bodies = BodyLimits(lambda flow, error: flow.kill())

#: Downloads whose first bytes have not come yet.
downloads: weakref.WeakKeyDictionary[http.HTTPFlow, Fetch] = weakref.WeakKeyDictionary()

#: Calls for the models that are answered elsewhere.
models: weakref.WeakKeyDictionary[http.HTTPFlow, ModelsFlow] = weakref.WeakKeyDictionary()

#: What is noted on the flows of creates.
notes = FlowNotes()

addresses = Addresses(
    connections, forms, listening.is_own_address, listening.local_end, listening.checks_servers
)
video_calls = VideoCalls(
    calls, downloads, bodies, links, connections, addresses, ModelsAnswers(models), notes
)
