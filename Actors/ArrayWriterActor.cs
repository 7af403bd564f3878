using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>What the arrays' writer is asked for.</summary>
public interface IArrayWrite
{
    /// <summary>md126</summary>
    string Array { get; }
}

/// <summary>
/// To the arrays' writer: hold the array's recovery back while a spare is given to it. Answered with
/// <see cref="ArrayFrozen"/>.
/// </summary>
public sealed record FreezeArray(string Array, long Attempt) : IArrayWrite;

/// <summary>The answer to <see cref="FreezeArray"/>; an error if the array is not frozen by that.</summary>
public sealed record ArrayFrozen(long Attempt, KernelError? Error);

/// <summary>
/// To the arrays' writer: take these legs out, which were given to md and are not recorded, and let the array go on
/// with whatever recovery it needs. Answered with <see cref="ArrayThawed"/>.
/// </summary>
/// <param name="Array">md126</param>
/// <param name="Attempt">Comes back in the answer.</param>
/// <param name="TakeOut">The legs' disks, by the kernel's names.</param>
public sealed record ThawArray(string Array, long Attempt, ImmutableArray<string> TakeOut) : IArrayWrite;

/// <summary>The answer to <see cref="ThawArray"/>.</summary>
public sealed record ArrayThawed(long Attempt);

/// <summary>
/// To the arrays' writer: that a spare joined is recorded; let the recovery begin. Answered with
/// <see cref="RecoveryStarted"/>.
/// </summary>
public sealed record StartRecovery(string Array, long Attempt = 0) : IArrayWrite;

/// <summary>The answer to <see cref="StartRecovery"/>.</summary>
public sealed record RecoveryStarted(KernelError? Error, long Attempt = 0);

/// <summary>To the arrays' writer: set array_size (KiB).</summary>
public sealed record SetArraySize(string Array, ulong KiB) : IArrayWrite;

/// <summary>
/// To the arrays' writer: a reshape of the array did not begin: take out the legs that were given to md for it, set
/// raid_disks back.
/// </summary>
public sealed record RestoreShape(string Array, int RaidDisks) : IArrayWrite;

/// <summary>
/// Writes what concerns whole arrays of a container and may have to wait for an array: sync_action, array_size,
/// raid_disks. One for each container, with a thread for each array: no disk and no other array that hangs delays it,
/// and no writer waits for it. What it has failed at it does again when it is restarted; a container whose arrays'
/// writer has ended begins anew.
/// </summary>
public sealed class ArrayWriterActor : RaidActor, IWithTimers
{
    private const int TakeOutTries = 50;
    private static readonly TimeSpan TakeOutAgainAfter = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ThreadAgainAfter = TimeSpan.FromMilliseconds(100);
    private readonly string _sysRoot;
    private readonly ContainerEvents _events;
    private readonly Dictionary<string, DeviceWorker> _threads = [];
    private readonly HashSet<Request> _later = [];

    /// <summary>A writer for a container's arrays.</summary>
    /// <param name="sysRoot">/sys, but for tests.</param>
    /// <param name="events">Receives the container's events.</param>
    public ArrayWriterActor(string sysRoot, ContainerEvents events)
    {
        _sysRoot = sysRoot;
        _events = events;
        Receive<IArrayWrite>(write => Do(new Request(write, Sender, 0)));
        Receive<Request>(Do);
        Receive<Again>(again =>
        {
            _later.Add(again.Request);
            Timers.StartSingleTimer(again.Request, again.Request, again.After);
        });
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object? message)
    {
        foreach (var request in _later)
        {
            Self.Tell(request, ActorRefs.NoSender);
        }

        if (message is not null)
        {
            Self.Tell(message, Sender);
        }

        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        foreach (var thread in _threads.Values)
        {
            thread.Dispose();
        }
    }

    private void Do(Request request)
    {
        _later.Remove(request);
        var (self, array) = (Self, request.Write.Array);
        if (!_threads.TryGetValue(array, out var thread))
        {
            _threads[array] = thread = new DeviceWorker($"{array} write");
        }

        var posted = thread.TryPost(() =>
        {
            if (Write(request, self) is { } again)
            {
                self.Tell(again, self);
            }
        });
        if (!posted)
        {
            Self.Tell(new Again(request, ThreadAgainAfter), Self);
        }
    }

    /// <summary>On the array's thread.</summary>
    /// <returns>When and how to try again; null: it is done.</returns>
    private Again? Write(Request request, IActorRef self)
    {
        switch (request.Write)
        {
            case FreezeArray freeze:
                request.Asker.Tell(new ArrayFrozen(freeze.Attempt, Freeze(freeze.Array)), self);
                return null;
            case ThawArray thaw:
                return Thaw(request, thaw, self);
            case StartRecovery start:
                return Start(request, start, self);
            case SetArraySize set:
                Say(Write(set.Array, "array_size", set.KiB), set.Array);
                return null;
            case RestoreShape restore:
                Restore(restore);
                return null;
            default:
                return null;
        }
    }

    private string PathOf(string array, string attribute) => $"{_sysRoot}/block/{array}/md/{attribute}";

    /// <summary>
    /// Only an array that rests is frozen: the word would interrupt whatever runs, and mdadm's reshape with it.
    /// </summary>
    private KernelError? Freeze(string array)
    {
        var path = PathOf(array, "sync_action");
        var action = SysfsAttribute.ReadOnce(path);
        if (action.Ok && (action.Value != "idle" || IsMdadms(array)))
        {
            var what = action.Value == "idle" ? "mdadm's" : action.Value;
            return new KernelError(Errno.EBUSY, path, $"freeze (it is {what})");
        }

        var frozen = SysfsAttribute.WriteOnce(path, "frozen");
        return frozen.Ok ? null : frozen.Error;
    }

    private Again? Thaw(Request request, ThawArray thaw, IActorRef self)
    {
        var left = thaw.TakeOut.RemoveAll(disk => TakeOut(thaw.Array, disk));
        if (!left.IsEmpty && request.Tries < TakeOutTries)
        {
            return new Again(
                request with { Write = thaw with { TakeOut = left }, Tries = request.Tries + 1 }, TakeOutAgainAfter);
        }

        if (!left.IsEmpty)
        {
            _events.Error(
                "spare-stays",
                $"{string.Join(", ", left)} cannot be taken out of {thaw.Array}, whose metadata does not know it", thaw.Array);
        }

        if (IsMdadms(thaw.Array))
        {
            return new Again(request with { Write = thaw with { TakeOut = [] } }, AskAgainAfter);
        }

        if (IsFrozen(thaw.Array))
        {
            Say(WriteAction(thaw.Array, "idle"), thaw.Array);
        }

        request.Asker.Tell(new ArrayThawed(thaw.Attempt), self);
        return null;
    }

    private Again? Start(Request request, StartRecovery start, IActorRef self)
    {
        if (IsMdadms(start.Array))
        {
            return new Again(request, AskAgainAfter);
        }

        var written = IsFrozen(start.Array) ? WriteAction(start.Array, "recover") : default(Nothing);
        if (!written.Ok)
        {
            WriteAction(start.Array, "idle");
        }

        request.Asker.Tell(new RecoveryStarted(written.Ok ? null : written.Error, start.Attempt), self);
        return null;
    }

    /// <summary>
    /// mdadm keeps the array from being reconfigured, and thaws it itself: whoever thaws it before disturbs what mdadm
    /// does.
    /// </summary>
    private bool IsMdadms(string array) =>
        SysfsAttribute.ReadOnce(PathOf(array, "metadata_version")) is { Ok: true } version
        && version.Value.StartsWith("external:-", StringComparison.Ordinal);

    /// <summary>An error is no answer: then the word is written all the same.</summary>
    private bool IsFrozen(string array) =>
        SysfsAttribute.ReadOnce(PathOf(array, "sync_action")) is not { Ok: true } action || action.Value == "frozen";

    /// <summary>
    /// True when md has no such leg any more. It lets go of a leg that it could still rebuild onto only if that is
    /// faulty; nothing is on a leg that is not in sync, and one that is in sync is left alone.
    /// </summary>
    private bool TakeOut(string array, string disk)
    {
        var path = PathOf(array, $"dev-{disk}/state");
        var state = SysfsAttribute.ReadOnce(path);
        if (!state.Ok)
        {
            return state.Error.MeansGone;
        }

        var flags = KernelWords.ParseLeg(state.Value);
        if ((flags & LegFlags.InSync) != 0)
        {
            return true;
        }

        var slot = SysfsAttribute.ReadOnce(PathOf(array, $"dev-{disk}/slot"));
        if ((flags & LegFlags.Faulty) == 0 && slot is not { Ok: true, Value: "none" })
        {
            SysfsAttribute.WriteOnce(path, "faulty");
        }

        SysfsAttribute.WriteOnce(path, "-blocked");
        var removed = SysfsAttribute.WriteOnce(path, "remove");
        return removed.Ok || removed.Error.MeansGone;
    }

    private void Restore(RestoreShape restore)
    {
        var array = $"{_sysRoot}/block/{restore.Array}/md";
        var listed = SysfsDirectory.List(array, "dev-");
        foreach (var leg in listed.Ok ? listed.Value : [])
        {
            var slot = SysfsAttribute.ReadOnce($"{array}/{leg}/slot");
            if (slot is { Ok: true, Value: "none" })
            {
                Say(SysfsAttribute.WriteOnce($"{array}/{leg}/state", "remove"), restore.Array);
            }
        }

        if (!listed.Ok)
        {
            Say(listed.Error, restore.Array);
        }

        var now = SysfsAttribute.ReadOnce($"{array}/raid_disks");
        if (now.Ok && now.Value != restore.RaidDisks.ToString(CultureInfo.InvariantCulture))
        {
            Say(Write(restore.Array, "raid_disks", (ulong)restore.RaidDisks), restore.Array);
        }
    }

    private Result<Nothing> Write(string array, string attribute, ulong value) =>
        SysfsAttribute.WriteOnce(PathOf(array, attribute), value.ToString(CultureInfo.InvariantCulture));

    private Result<Nothing> WriteAction(string array, string word) =>
        SysfsAttribute.WriteOnce(PathOf(array, "sync_action"), word);

    private void Say(Result<Nothing> written, string array)
    {
        if (!written.Ok && written.Error.Errno is not (Errno.ENODEV or Errno.ENOENT))
        {
            _events.Error("array-refused", $"{written.Error}", array);
        }
    }

    private sealed record Request(IArrayWrite Write, IActorRef Asker, int Tries);

    private sealed record Again(Request Request, TimeSpan After);
}
