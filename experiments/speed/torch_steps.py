"""Times the steps of `experiments/speed` in PyTorch: the same networks, batches and updates, on the same cores or GPU.

Writes its version to standard output. Each line {"config": …, "discriminator": …, "batch": …, "steps": …, "threads": …, "device": …,
"compiled": …} of standard input is answered by the number of parameters of every network and the seconds of every step, as a line of JSON.
Its argument is the device, which it must have. torch_networks.py comes before it. Needs torch; written for 2.9.
"""
import json
import sys
import time


def levels(t):
    return [f(t * math.pi / 2)[:, None, None, None] for f in (torch.cos, torch.sin)]


def ema(average, network, decay):
    with torch.no_grad():
        torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)


def frozen(network):
    return network.requires_grad_(False)


def main(spec):
    torch.set_num_threads(spec["threads"])
    torch.set_default_device(spec["device"])
    torch.set_float32_matmul_precision("high")  # TF32 on a GPU, as XLA has it there
    torch.manual_seed(0)
    nets, disc, size = spec["config"]["networks"], spec["discriminator"], spec["config"]["size"]
    text, net, average = frozen(Text(nets["text"])), UNet(nets["unet"]), frozen(UNet(nets["unet"]))
    pictures = lambda n: torch.rand(n, 3, size, size) * 2 - 1
    captions = lambda n: torch.cat([torch.randint(0, nets["text"]["eos_token_id"], (n, nets["text"]["max_position_embeddings"] - 1)),
                                    torch.full((n, 1), nets["text"]["eos_token_id"])], 1)
    out = {"parameters": {}, "seconds": {}, "first": {}}
    count = lambda *m: sum(p.numel() for n in m for p in n.parameters())
    out["parameters"]["teacher"], out["parameters"]["text"] = count(net), count(text)

    def ready(network):
        if spec["compiled"]:
            torch._dynamo.config.recompile_limit = 64  # every resolution and width of the U-Net's blocks is one
            network.compile()
        return network

    ready(text), ready(net)
    wait = torch.cuda.synchronize if spec["device"] == "cuda" else lambda: None

    def timed(name, step):
        began = time.perf_counter()
        for i in range(spec["warmup"]):
            step()
            wait()
            out["first"].setdefault(name, time.perf_counter() - began)
        out["seconds"][name] = []
        for _ in range(spec["steps"]):
            began = time.perf_counter()
            step()
            wait()
            out["seconds"][name].append(time.perf_counter() - began)

    n = spec["teacher_batch"]
    adam = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=0)

    def teacher_step():
        x0, ids, t = pictures(n), captions(n), torch.rand(n)
        alpha, sigma = levels(t)
        tokens, pooled = text(ids)
        loss = (net(alpha * x0 + sigma * torch.randn_like(x0), 1000 * t, tokens, pooled) - x0).square().mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1)
        adam.step()
        ema(average, net, 0.999)
        float(loss.detach())

    timed("teacher", teacher_step)

    n = spec["batch"]
    student, teacher, features = ready(UNet(nets["unet"])), ready(frozen(UNet(nets["unet"]))), ready(frozen(ViT(nets["features"])))
    width = nets["features"]["embed_dim"]
    heads = nn.ModuleList(Head(width, nets["text"]["projection_dim"] + width, disc) for _ in range(nets["features"]["depth"] + 1))
    out["parameters"]["features"], out["parameters"]["discriminator"] = count(features), count(heads)
    adam_g = torch.optim.AdamW(student.parameters(), lr=1e-4, weight_decay=0)
    adam_d = torch.optim.AdamW(heads.parameters(), lr=1e-3, betas=(0.0, 0.99), weight_decay=0)
    rms = lambda c: c / (c.square().mean(1, keepdim=True) + 1e-12).sqrt()
    drop_cls = lambda taps: [tap[:, 1:] + tap[:, :1] for tap in taps]
    judge = lambda tokens, cond: [h(f, cond) for h, f in zip(heads, tokens)]

    def add_step():
        x0, ids = pictures(n), captions(n)
        s, t = torch.tensor([1.0, 0.75, 0.5, 0.25]).repeat(n // 4 + 1)[:n], torch.rand(n) * 0.96 + 0.02
        with torch.no_grad():
            tokens, pooled = text(ids)
            cond = torch.cat([rms(pooled), rms(features(x0)[1]) * (s < 1)[:, None]], 1)
            real = [f.detach() for f in drop_cls(features(augment(x0))[0])]
        alpha, sigma = levels(s)
        fake = student(alpha * x0 + sigma * torch.randn_like(x0), 1000 * s, tokens, pooled)
        with torch.no_grad():
            alpha, sigma = levels(t)
            target = teacher(alpha * fake + sigma * torch.randn_like(x0), 1000 * t, tokens, pooled)
        seen = drop_cls(features(augment(fake))[0])
        # Both updates from one pass over the generated pictures, each with the other network as it was before.
        heads.requires_grad_(False)
        adversarial = -sum(d.mean() for d in judge(seen, cond))
        distill = (alpha.flatten() * (fake - target).square().mean((1, 2, 3))).mean() * spec["summed"] * 2.5
        adam_g.zero_grad(set_to_none=True)
        (adversarial + distill).backward()
        heads.requires_grad_(True)
        for f in real:
            f.requires_grad_(True)
        logits = judge(real, cond)
        gradients = torch.autograd.grad(sum(d.sum() for d in logits), real, create_graph=True)
        r1 = sum(g.square().sum() for g in gradients) / n
        loss = sum(F.relu(1 - d).mean() for d in logits) + sum(F.relu(1 + d).mean() for d in judge([f.detach() for f in seen], cond)) + 1e-5 * r1
        adam_d.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1)
        adam_g.step()
        adam_d.step()
        ema(average, student, 0.99)
        float(loss.detach())

    timed("add", add_step)

    drawn = spec["drawn"]

    def draw():
        with torch.no_grad():
            t = torch.ones(drawn)
            sigma = levels(t)[1]
            return student(sigma * torch.randn(drawn, 3, size, size), 1000 * t, *text(captions(drawn))).cpu()

    timed("draw", draw)
    print(json.dumps(out), flush=True)


if sys.argv[1] == "cuda" and not torch.cuda.is_available():
    sys.exit("torch %s sees no GPU" % torch.__version__)
print(json.dumps(torch.__version__), flush=True)
for line in sys.stdin:
    main(json.loads(line))
