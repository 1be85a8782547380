"""What the references import beside torch, for a machine without a GPU or with an older torch.

Nothing here computes anything of the model's but attention, softmax(q k^T / sqrt(d)) v, which the
HRM reference leaves to a kernel for GPUs.
"""
import sys
import types

import torch


def attention(q, k, v, causal=False):
    """q, k, v: [batch, positions, heads, head size]; the layout of flash_attn."""
    if causal:
        raise NotImplementedError("causal attention")
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * q.shape[-1] ** -0.5
    return torch.einsum("bhqk,bkhd->bqhd", torch.softmax(scores.float(), dim=-1).to(v.dtype), v).contiguous()


def scaled_dot_product_attention(query, key, value, is_causal=False):
    """[batch, heads, positions, head size], as torch has it since 2.0."""
    return attention(*(x.transpose(1, 2) for x in (query, key, value)), causal=is_causal).transpose(1, 2)


class Buffer(torch.Tensor):
    """nn.Buffer of torch 2.5, as far as nn.Module.__setattr__ below goes."""

    def __new__(cls, data, persistent=True):
        x = data.as_subclass(cls)
        x.persistent = persistent
        return x


def module(name, **attributes):
    if name not in sys.modules:
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(attributes)


def install():
    module("flash_attn", flash_attn_func=attention)
    try:
        import einops  # noqa: F401
    except ImportError:
        def rearrange(x, pattern):
            if pattern not in ("B S H D -> B H S D", "B H S D -> B S H D"):
                raise NotImplementedError(f"einops is not installed, and {pattern!r} has no stand-in")
            return x.transpose(1, 2)
        module("einops", rearrange=rearrange)
    if not hasattr(torch.nn.functional, "scaled_dot_product_attention"):
        torch.nn.functional.scaled_dot_product_attention = scaled_dot_product_attention
    optimizer = sys.modules["torch.optim.optimizer"]
    if not hasattr(optimizer, "ParamsT"):
        optimizer.ParamsT = object
    if torch.__version__.startswith("1."):  # where no_grad is no decorator without ()
        plain_no_grad = torch.no_grad
        torch.no_grad = lambda f=None: plain_no_grad() if f is None else plain_no_grad()(f)
    if not hasattr(torch.nn, "Buffer"):
        torch.nn.Buffer = Buffer
        plain = torch.nn.Module.__setattr__

        def assign(self, name, value):
            if isinstance(value, Buffer):
                self.register_buffer(name, value.as_subclass(torch.Tensor), persistent=value.persistent)
            else:
                plain(self, name, value)
        torch.nn.Module.__setattr__ = assign
