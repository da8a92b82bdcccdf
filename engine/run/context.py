"""What a lab is given: the device, the random numbers, the steps of its loop, and whether anyone is looking.

Between two steps the context does everything else: live changes, pause, single step, stop, snapshots, drawing. A resumed run goes through
the same code as a fresh one: `track` loads the state that was saved, `steps` begins where it ended and restores the random numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from engine.api.errors import ParameterError
from engine.api.frames import Frame, Scalar, Truth
from engine.api.lab import Lab
from engine.api.messages import Changed, Held, Progress, Saved, Warned
from engine.api.params import find_field, from_json, params_to_json, to_json
from engine.run.arrays import with_numpy
from engine.run.keeper import Keeper
from engine.run.ranks import Ranks
from engine.run.sink import Sink
from engine.run.snapshots import Snapshot
from engine.run.steering import Steering
from engine.run.tracked import copied, must_be_trackable, put_back, state_of

_WAIT = 0.1
_TELL = 0.1
Draw = Callable[[], Iterator[Frame]]


@dataclass
class Setting:
    """Everything a context is made from.

    `keeper` writes snapshots (None: none are written); `resume` is the moment to go on from; `prove` runs the lab's checks on the live
    model; `go_on` is called once, before the first step that is made.
    """

    lab: Lab
    params: Any
    device: torch.device
    sink: Sink
    steering: Steering
    seed: int = 0
    keeper: Keeper | None = None
    resume: Snapshot | None = None
    ranks: Ranks = field(default_factory=Ranks)
    prove: Callable[[Context], None] | None = None
    go_on: Callable[[], None] | None = None


class StoppedReading(Exception):  # a signal, not an error
    """The person stopped the run while its data was read: there is nothing to keep yet."""


class Context:
    """The lab's side of a run. Made by the runner; a lab never makes one."""

    def __init__(self, setting: Setting) -> None:
        self.device = setting.device
        self.seed = setting.seed
        self.rng = torch.Generator().manual_seed(setting.seed)
        self.numpy_rng = np.random.default_rng(setting.seed)
        self.step = setting.resume.step if setting.resume else 0
        self.total = 0
        self.tracked: dict[str, Any] = {}
        self.doing = ""
        self.abandoned = False
        self._told_at = 0.0
        self._set = setting
        self._draw: Draw | None = None
        self._random_state: Any = None
        self._stepped_at = 0.0
        self._unsaved = False  # the last snapshot could not be written, and the person knows

    # What a lab calls --------------------------------------------------------------------------------

    def track(self, **objects: Any) -> None:
        """Names what a snapshot holds. On resume the saved state is loaded into these objects here.

        Modules, optimisers and anything with `state_dict`; tensors and arrays (restored in place); generators; dicts of these and of
        plain numbers. Raises SnapshotError if the saved state does not fit.
        """
        for name, value in objects.items():
            must_be_trackable(name, value)
        self.tracked.update(objects)
        resume = self._set.resume
        if resume is not None:
            for name, value in objects.items():
                if name in resume.state["tracked"]:
                    put_back(name, value, resume.state["tracked"][name])

    def draw_with(self, draw: Draw) -> None:
        """Registers the function that yields the lab's pictures, each guarded by `due`.

        It is called after each step, at each poke while the run is paused, and at each poke after the last step.
        """
        self._draw = draw

    def steps(self, total: int) -> Iterator[int]:
        """The steps of the loop, from the resumed one up to `total`; ends early when the person stops."""
        self.total = total
        self._restore_random_state()
        self._draw_due()
        for step in range(self.step, total):
            if not self._boundary():
                return
            yield step
            self.step = step + 1
            self._draw_due()
        self._last_boundary()

    def explore(self) -> Iterator[None]:
        """Yields at once, and then at each poke, until the person stops. Without a window: once."""
        self._restore_random_state()
        steering = self._set.steering
        steering.poked = True
        self._report("exploring")
        while not steering.leaving:
            if steering.poked:
                steering.poked = False
                yield
                if not steering.interactive:
                    return
            self._serve_while_waiting()

    def due(self, name: str) -> bool:
        """Whether the view is open, has taken its last frame, and has not used up its share of the time."""
        if not self._set.sink.wants(name):
            return False
        if self._random_state is None:
            self._random_state = self._take_random_state()
        return True

    def say(self, text: str) -> None:
        """Tells the person a sentence that they should know of their own data: a toast in the window, a line on the command line."""
        self._set.sink.tell(Warned(text))

    @property
    def folder(self) -> Path | None:
        """The run's own folder, for what is costly to make and is wanted again when the run goes on; None: nothing is kept."""
        return None if self._set.keeper is None else self._set.keeper.folder

    def reading(self, done: int, total: int, doing: str = "") -> None:
        """Called for each picture that is read before the first step: the person sees how far it is, and may stop.

        `doing`: what the person reads, in place of how many pictures were read. Raises StoppedReading then, which the runner catches.
        """
        now = time.perf_counter()
        if now - self._told_at < _TELL and done < total:
            return
        self._told_at = now
        self._set.steering.poll()
        if self._set.steering.leaving:
            raise StoppedReading
        self.doing = doing or (f"Reading picture {done:,} of {total:,}" if done < total else "")
        self._set.sink.tell(Progress("running", self.step, self.total, 0.0, float("nan"), 0, doing=self.doing))

    def view_rng(self) -> torch.Generator:
        """Random numbers for pictures: the same at each call, so that pictures morph instead of flickering.

        Training's own random numbers stay untouched.
        """
        return torch.Generator().manual_seed(self.seed + 1)

    def parallel(self, model: nn.Module) -> nn.Module:
        """The model whose gradients are averaged over all ranks; the model itself where there is one process."""
        if self._set.ranks.world == 1:
            return model
        ids = [self.device.index] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(model, device_ids=ids)

    def shard(self, batch: torch.Tensor) -> torch.Tensor:
        """This rank's rows of a global batch `[B, …]`, drawn alike on all ranks. Raises ParameterError if B does not divide evenly."""
        rank, world = self._set.ranks.rank, self._set.ranks.world
        if len(batch) % world:
            raise ParameterError(
                f"A batch of {len(batch)} does not divide evenly over {world} processes; choose a multiple."
            )
        part = len(batch) // world
        return batch[rank * part : (rank + 1) * part]

    # What the runner calls --------------------------------------------------------------------------------

    def take(self, frame: Frame) -> None:
        """Sends a yielded frame where it belongs."""
        sink = self._set.sink
        if isinstance(frame, Scalar):
            value = frame.value.detach() if isinstance(frame.value, torch.Tensor) else frame.value
            sink.scalar(frame.name, self.step, value)
        elif isinstance(frame, Truth):
            sink.truth(frame)
        else:
            sink.show(with_numpy(frame), self.step)
            self._give_back_random_state()

    def finish(self) -> None:
        """The lab has returned: keep the last moment, then answer pokes until the person stops."""
        steering = self._set.steering
        if self._draw is None or steering.leaving or not steering.interactive:
            return
        self._report("exploring")
        steering.poked = True
        while not steering.leaving:
            self._draw_if_poked()
            self._serve_while_waiting()

    def save(self) -> None:
        """Writes a snapshot of this very moment."""
        keeper = self._set.keeper
        if keeper is None or self._set.steering.broken or self.abandoned:
            return
        self._set.sink.keep()
        try:
            steps = keeper.save(self._snapshot())
        except OSError as error:
            if self._unsaved:
                return
            self._unsaved = True
            kept = keeper.steps[-1] if keeper.steps else None
            older = f"; the one of step {kept:,} is kept" if kept is not None else ""
            self._set.sink.tell(
                Warned(f"The snapshot of step {self.step:,} could not be written ({error.strerror}){older}.")
            )
            return
        self._unsaved = False
        self._set.sink.tell(Saved(self.step, steps))

    @property
    def params(self) -> Any:
        """The lab's parameters as they are now."""
        return self._set.params

    def moment(self) -> Snapshot:
        """This very moment, apart from the objects it was taken from."""
        return copied(self._snapshot())

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Whatever happens inside, the tracked objects and the random numbers are afterwards as they were before."""
        before = self.moment()
        modes = {name: value.training for name, value in self.tracked.items() if isinstance(value, nn.Module)}
        try:
            yield
        finally:
            for name, value in self.tracked.items():
                put_back(name, value, before.state["tracked"][name])
            for name, training in modes.items():
                self.tracked[name].train(training)
            self._put_back_random_state(before.state["random"])

    # Between two steps --------------------------------------------------------------------------------

    def _boundary(self) -> bool:
        """Everything that happens between two steps; False if the run must end here."""
        steering = self._set.steering
        self._random_state = None
        steering.poll()
        self._keep_speed()
        if steering.changes or steering.paused or steering.leaving or steering.save or steering.prove:
            self._serve()
            self._hold_while_paused()
        if steering.leaving:
            return False
        if self._set.go_on is not None:
            self._set.go_on()
            self._set.go_on = None
        if self._set.keeper is not None and self._set.keeper.due(self.step, self.total):
            self.save()
        return True

    def _last_boundary(self) -> None:
        """After the last step: the newest moment is kept before the lab goes on."""
        steering = self._set.steering
        steering.poll()
        self._serve()
        if not steering.leaving:
            self.save()

    def _serve(self) -> None:
        """Does what was asked for and can be done at once."""
        steering = self._set.steering
        self._apply_changes()
        if steering.save:
            steering.save = self._unsaved = False
            self.save()
        if steering.prove and self._set.prove is not None:
            steering.prove = False
            self._set.prove(self)

    def _hold_while_paused(self) -> None:
        steering = self._set.steering
        held = False
        while steering.paused and not steering.budget and not steering.leaving:
            if not held:
                held = steering.poked = True
                self._report("paused")
            if steering.held:
                self._set.sink.tell(Held(self.step, steering.held))
                steering.held = ""
            self._draw_if_poked()
            self._serve_while_waiting()
        steering.budget = max(0, steering.budget - 1)
        if held and not steering.leaving:
            self._report("running")

    def _serve_while_waiting(self) -> None:
        self._set.steering.poll(_WAIT)
        self._serve()

    def _keep_speed(self) -> None:
        """Waits so that steps come at the speed that was asked for, and wakes up at once when something is."""
        steering = self._set.steering
        while steering.speed and not steering.leaving and not steering.paused:
            left = self._stepped_at + 1.0 / steering.speed - time.perf_counter()
            if left <= 0:
                break
            steering.poll(min(left, _WAIT))
            self._serve()
            self._draw_if_poked()
        self._stepped_at = time.perf_counter()

    def _apply_changes(self) -> None:
        """Sets the live parameters that the person moved; each change goes into the run's record with its step."""
        steering = self._set.steering
        while steering.changes:
            name, encoded = next(iter(steering.changes.items()))
            del steering.changes[name]
            try:
                self._apply(name, encoded)
            except ParameterError as error:
                self._set.sink.tell(Warned(str(error)))
            steering.poked = True

    def _apply(self, name: str, encoded: Any) -> None:
        entry = find_field(self._set.lab.fields, name)
        if not entry.control.live:
            raise ParameterError(f"“{name}” applies at the next start; it cannot be changed in mid-run.")
        value = from_json(entry, encoded)
        old = to_json(getattr(self._set.params, name))
        setattr(self._set.params, name, value)
        if old != to_json(value):
            self._set.sink.tell(Changed(self.step, name, old, to_json(value)))

    # Drawing --------------------------------------------------------------------------------

    def _draw_if_poked(self) -> None:
        if self._set.steering.poked:
            self._set.steering.poked = False
            self._draw_due()

    def _draw_due(self) -> None:
        if self._draw is not None:
            for frame in self._draw():
                self.take(frame)

    def _report(self, phase: Any) -> None:
        self._set.sink.tell(Progress(phase, self.step, self.total, 0.0, float("nan"), 0))

    # Random numbers and snapshots --------------------------------------------------------------------------------

    def _generators(self) -> dict[str, Any]:
        return {"rng": self.rng, "numpy_rng": self.numpy_rng}

    def _take_random_state(self) -> dict[str, Any]:
        state = {name: state_of(generator) for name, generator in self._generators().items()}
        state["torch"] = torch.get_rng_state()
        if self.device.type == "cuda":
            state["cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def _put_back_random_state(self, state: dict[str, Any]) -> None:
        for name, generator in self._generators().items():
            put_back(name, generator, state[name])
        torch.set_rng_state(state["torch"])
        if self.device.type == "cuda" and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.device)

    def _give_back_random_state(self) -> None:
        """Whatever drawing a picture drew from the training's random numbers is undone."""
        if self._random_state is not None:
            self._put_back_random_state(self._random_state)
            self._random_state = None

    def _restore_random_state(self) -> None:
        if self._set.resume is not None:
            self._put_back_random_state(self._set.resume.state["random"])

    def _snapshot(self) -> Snapshot:
        state = {
            "tracked": {name: state_of(value) for name, value in self.tracked.items()},
            "random": self._take_random_state(),
        }
        params = params_to_json(self._set.lab.fields, self._set.params)
        return Snapshot(self._set.lab.id, self.step, params, state)
