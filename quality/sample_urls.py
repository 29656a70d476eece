"""Addresses of samples and call-backs."""

from django.urls import URLPattern, path

from quality.views import calls, samples

console: list[URLPattern] = [
    path("samples/", samples.SampleList.as_view(), name="samples"),
    path("samples/add/", samples.new, name="sample-new"),
    path("samples/<int:pk>/", samples.sample, name="sample"),
    path("samples/<int:pk>/draw/", samples.draw, name="sample-draw"),
    path("samples/<int:pk>/discard/", samples.discard, name="sample-discard"),
    path("samples/<int:pk>/assign/", samples.assign, name="sample-assign"),
    path("samples/<int:pk>/publish/", samples.publish, name="sample-publish"),
    path("samples/<int:pk>/void/", samples.void, name="sample-void"),
    path("samples/<int:pk>/reply/", samples.reply, name="sample-reply"),
    path("samples/<int:pk>/draw.txt", samples.people, name="sample-people"),
    path("callbacks/", calls.CallList.as_view(), name="callbacks"),
    path("callbacks/<int:pk>/", calls.callback, name="callback"),
    path("callbacks/<int:pk>/number/", calls.renew, name="callback-number"),
    path("callbacks/<int:pk>/reveal/", calls.reveal, name="callback-reveal"),
    path("callbacks/<int:pk>/<slug:action>/", calls.result, name="callback-result"),
]
