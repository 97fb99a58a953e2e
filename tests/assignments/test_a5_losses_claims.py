"""Every number that a5_losses states is what the computation gives."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.assignments.claims import number, stated


def says(literals: str, values: object) -> None:
    """Assert that each literal stands in the text and is what the computation gives."""
    numbers = torch.as_tensor(values, dtype=torch.float64).detach().flatten().tolist()
    for literal, value in zip(literals.split(), numbers, strict=True):
        stated("a5_losses", literal, value)


def slope(loss: Tensor, leaf: Tensor) -> Tensor:
    """Return d(loss)/d(leaf)."""
    return torch.autograd.grad(loss.sum(), leaf, retain_graph=True)[0]


def train_on_clouds(softmax_first: bool) -> tuple[float, float]:
    """Train as the notebook does; return the last loss and the accuracy."""
    target = torch.arange(300) % 3
    angle = 2 * math.pi * target / 3
    noise = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    points = 3 * torch.stack([angle.cos(), angle.sin()], 1) + noise
    weight, bias = torch.zeros(2, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=0.05)
    for _ in range(400):
        scores = points @ weight + bias
        loss = F.cross_entropy(scores.softmax(1) if softmax_first else scores, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item(), (scores.argmax(1) == target).float().mean().item()


def test_where_the_exponential_ends():
    """Each limit in the table is the last logit, to two decimals, before inf or 0."""
    limits = {
        torch.float16: ("11.09", "−17.33"),
        torch.float32: ("88.72", "−103.97"),
        torch.float64: ("709.78", "−745.13"),
    }
    for dtype, (high, low) in limits.items():
        kind = torch.finfo(dtype)
        says(high, math.log(kind.max))
        says(low, math.log(kind.smallest_normal) + math.log(kind.eps / 2))
        assert torch.tensor(float(high) + 0.02).to(dtype).exp() == math.inf
        assert torch.tensor(number(low) - 0.02).to(dtype).exp() == 0
        assert torch.tensor(float(high) - 0.02).to(dtype).exp() < math.inf
        assert torch.tensor(number(low) + 0.02).to(dtype).exp() > 0


def test_the_worked_examples_of_the_stable_functions():
    """Log-sum-exp, softmax and log-softmax of 1000 and 1001 are as worked out by hand."""
    z = torch.tensor([1000.0, 1001.0], dtype=torch.float64)
    says("1000.6931", 1000 + math.log(2))
    says("0.3679", math.exp(-1))
    says("1.3679", 1 + math.exp(-1))
    says("1001.3133", z.logsumexp(0))
    says("0.2689 0.7311", z.softmax(0))
    says("-1.3133 -0.3133", z.log_softmax(0))
    says("1.9e-22", torch.tensor([0.0, -50.0], dtype=torch.float64).softmax(0)[1])


def test_the_first_picture_is_described_rightly():
    """The formula as written has its ends near -104 and 88."""
    x = torch.linspace(-130, 130, 521)
    alive = x[(x.exp() + x.exp()).log().isfinite()]
    assert round(alive[0].item()) == -104
    assert round(alive[-1].item()) == 88


def test_the_worked_examples_of_the_losses():
    """The losses and gradients worked out in 5.4, 5.5 and 5.6 are right."""
    logits, target = torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1])
    says("0.1269", F.cross_entropy(logits[:1], target[:1]))
    says("0.4100", F.cross_entropy(logits, target))
    logits, target = torch.tensor([0.0, 2.0], requires_grad=True), torch.tensor([1.0, 0.0])
    losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    says("0.6931", losses[0])
    says("2.1269", losses[1])
    says("1.4100", losses.mean())
    says("-0.5 0.8808", slope(losses, logits))
    logits = torch.zeros(1, 3, requires_grad=True)
    got = slope(F.cross_entropy(logits, torch.tensor([2])), logits)
    assert torch.allclose(got, torch.tensor([[1 / 3, 1 / 3, -2 / 3]]))


def test_what_a_confident_mistake_costs():
    """An epsilon caps the loss at 16.12 and kills the gradient; the plain logarithm ends in nan."""
    z = torch.tensor([[0.0, 200.0], [0.0, 104.0], [0.0, 103.0], [0.0, 95.0]], requires_grad=True)
    capped, plain = -(z.softmax(1) + 1e-7).log()[:, 0], -z.softmax(1).log()[:, 0]
    says("16.12", capped[0])
    assert slope(capped[0], z)[0].abs().max() == 0
    assert torch.equal(plain.isinf(), torch.tensor([True, True, False, False]))
    assert slope(plain[0], z)[0].isnan().all()
    assert slope(plain[3], z)[3].isnan().any()
    lead = torch.tensor([[0.0, 88.0], [0.0, 89.0]], requires_grad=True)
    alive = slope(-lead.softmax(1).log()[:, 0], lead).isfinite().all(1)
    assert torch.equal(alive, torch.tensor([True, False]))
    honest = -z.log_softmax(1)[:, 0]
    assert torch.equal(slope(honest, z)[:, 0], -torch.ones(4))


def test_the_slopes_at_zero():
    """Three formulas cost ln 2 at a logit of 0 and report the slopes -0.5, -1 and 0."""
    z = torch.zeros(1, requires_grad=True)
    bend = torch.log1p(torch.exp(-z.abs()))
    losses = [F.softplus(z) - z, z.relu() - z + bend, z.clamp(min=0) - z + bend]
    for loss, expected in zip(losses, (-0.5, -1.0, 0.0), strict=True):
        says("0.6931", loss)
        assert slope(loss, z).item() == expected
    says("−0.73", torch.tensor(-1.0).sigmoid() - 1)
    says("−0.27", torch.tensor(1.0).sigmoid() - 1)
    says("0.9933", torch.tensor(5.0).sigmoid())


def test_thresholds_on_the_logit_axis():
    """A threshold of 0.8 lies at 1.3863, and 0.99 about twice as far out as 0.9."""
    says("1.3863", math.log(4))
    assert 2 < math.log(99) / math.log(9) < 2.2


def test_the_double_softmax():
    """Its floors, its bars and its effect on training are as stated."""
    says("0.3132617", math.log(1 + 1 / math.e))
    says("1.4612", math.log(1 + 9 / math.e))
    says("1.461", math.log(1 + 9 / math.e))
    says("2.3026", math.log(10))
    bars = torch.tensor([20.0, 0.0, 0.0]).softmax(0).softmax(0)
    says("0.576", bars[0])
    says("0.212", bars[1])
    for softmax_first, loss, accuracy in ((False, "0.017", 0.997), (True, "0.561", 0.997)):
        got, share = train_on_clouds(softmax_first)
        says(loss, got)
        assert round(share, 3) == accuracy
    z = torch.tensor([[0.0, 200.0]], requires_grad=True)
    assert slope(F.cross_entropy(z.softmax(1), torch.tensor([0])), z).abs().max() == 0


def test_a_step_on_nan_is_lasting():
    """One optimiser step with the plain logarithm at a lead of 200 turns the weights into nan."""
    weight = torch.tensor([0.0, 200.0], requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    (-weight.softmax(0).log()[0]).backward()
    optimizer.step()
    assert weight.isnan().all()


def test_the_bonus_loses_its_digits_without_care():
    """In float32 the sigmoid's way to tanh gives 0 at 1e-8, next to 0.99999994 there is 1."""
    says("0.99999994", 1 - torch.finfo(torch.float32).eps / 2)
    assert 2 * torch.sigmoid(2 * torch.tensor(1e-8)) - 1 == 0
    assert 1 + torch.tensor(1e-8) == 1


def test_settled_predictions():
    """What the plain formulas return, and the thresholds and floors that were to be predicted."""
    z = torch.tensor([1000.0, 1001.0])
    assert z.exp().sum().log() == math.inf
    assert (-z).exp().sum().log() == -math.inf
    says("−999.6867", (-z.double()).logsumexp(0))
    gap = torch.tensor([0.0, -200.0])
    assert gap.softmax(0).log().tolist() == [0, -math.inf]
    assert gap.log_softmax(0).tolist() == [0, -200]
    assert (torch.zeros(4, 1) - torch.zeros(4)).numel() == 16
    says("2.1972 4.5951 2.09", [math.log(9), math.log(99), math.log(99) / math.log(9)])
    says("0.3133 3.6222", [math.log(1 + (c - 1) / math.e) for c in (2, 100)])
    assert all(math.log(c) - math.log(1 + (c - 1) / math.e) < 1 for c in range(2, 2000))


def test_the_worked_example_of_the_wrong_losses():
    """What the right loss, the sum and the table give on one small batch."""
    logits, target = torch.tensor([[1.0, 2.0], [0.0, 3.0]]), torch.tensor([0, 1])
    says("0.6809", F.cross_entropy(logits, target))
    says("1.3618", F.cross_entropy(logits, target, reduction="sum"))
    says("1.1809", -logits.log_softmax(1)[:, target].mean())
