using ActorRaid.SysfsIo;
using ActorRaid.SysfsIo.Dm;
using Akka.Actor;

namespace ActorRaid.Actors.FileMaps;

/// <summary>
/// Keeps one group of statistics regions in step with one file: looks at the file when something happens to it, and has
/// <see cref="FileMapKeeper"/> do what follows. After a restart it goes on from what is in the kernel.
/// </summary>
internal sealed class FileMapActor : RaidActor, IWithTimers
{
    private readonly FileMapOrder _order;
    private readonly FileMapKeeper _keeper;
    private readonly Telling _holdersTold = new();
    private IFileWatch? _watch;
    private TimeSpan _due = TimeSpan.MaxValue;
    private TimeSpan _lookedAt, _spacing = FileMapPace.Shortest;
    private TimeSpan? _missingSince, _emptySince;
    private FileExtents? _followed;
    private int _quiet, _problems;
    private string? _problem;
    private bool _unlinked;

    /// <summary>An actor for that file map; it looks at once.</summary>
    public FileMapActor(FileMapOrder order)
    {
        _order = order;
        _keeper = new FileMapKeeper(order.Device, new FileMapMark(order.Group, order.Identity));
        Receive<FileTouched>(touched => Touched(touched.Events));
        Receive<LookDue>(_ => Look(slow: true));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        Watch();
        Look(slow: true);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        base.PostStop();
        _watch?.Dispose();
    }

    private void Watch()
    {
        var self = Self;
        var watch = _order.Watch(events => self.Tell(new FileTouched(events), ActorRefs.NoSender));
        if (watch.Ok)
        {
            _watch = watch.Value;
        }
        else
        {
            // The slow look sees all of it, later.
            Problem($"{watch.Error}: changes are seen late");
        }
    }

    private void Touched(FileEvents events)
    {
        _order.Tell(3, $"{_order.Path}: {events}");
        _quiet = 0;
        var since = Clock - _lookedAt;
        if (since >= _spacing)
        {
            Look(slow: false);
        }
        else
        {
            Schedule(_spacing - since);
        }
    }

    /// <summary>Looks, and does what follows.</summary>
    /// <param name="slow">Whether to look at what raises no event, too.</param>
    private void Look(bool slow)
    {
        Timers.Cancel(LookDue.Timer);
        _due = TimeSpan.MaxValue;
        var begun = Clock;
        // Watch before looking: later changes raise an event.
        _watch?.Renew(_unlinked);
        var look = _order.File.Look();
        if (!look.Ok)
        {
            NotSeen(look.Error);
            return;
        }

        _missingSince = null;
        if (!look.Value.IsRegular || look.Value.Device != _order.DeviceNumber)
        {
            var now = look.Value.IsRegular ? "on another device" : "no regular file";
            End(FileMapEnd.OtherKind, $"what is at {_order.Path} now is {now}");
            return;
        }

        var changed = look.Value.Extents != _followed;
        if ((changed || slow) && !Follow(look.Value))
        {
            return;
        }

        _lookedAt = Clock;
        _spacing = FileMapPace.Spacing(_spacing, changed, _lookedAt - begun);
        _quiet = changed ? 0 : _quiet + 1;
        if (_order.Mode == FollowMode.Inode && look.Value.Links == 0 && IsOurAlone())
        {
            End(FileMapEnd.Unlinked, "the file was unlinked, and nobody else has it open");
            return;
        }

        var next = FileMapPace.Next(look.Value, _order.Mode, _quiet);
        Schedule(_emptySince is null || next < FileMapPace.WhileAbsent ? next : FileMapPace.WhileAbsent);
    }

    private void NotSeen(KernelError error)
    {
        if (error.MeansGone && _order.Mode == FollowMode.Path)
        {
            _missingSince ??= Clock;
            if (Clock - _missingSince >= FileMapPace.Tolerance)
            {
                End(FileMapEnd.PathGone, $"there is no {_order.Path} any more");
                return;
            }

            _followed = null;
            Schedule(FileMapPace.WhileAbsent);
        }
        else if (error.Errno == Errno.EOPNOTSUPP)
        {
            End(FileMapEnd.Unsupported, $"{error}: the file system cannot tell where a file lies");
        }
        else
        {
            Refused(error);
        }
    }

    /// <summary>
    /// Makes the regions follow the file; false when the file map has ended, or something is left to do later.
    /// </summary>
    private bool Follow(FileLook look)
    {
        var empty = look.Extents is { Ranges.IsEmpty: true, HasUnplaced: false };
        _emptySince = empty ? _emptySince ?? Clock : null;
        var check = _order.Device.Check();
        if (!check.Ok)
        {
            Refused(check.Error);
            return false;
        }

        var outcome = _keeper.Follow(look.Extents.Ranges, empty && Clock - _emptySince >= FileMapPace.Tolerance);
        if (outcome.Created + outcome.Deleted > 0)
        {
            var pieces = look.Extents.Ranges.Length;
            _order.Tell(
                1, $"{_order.Path}: {outcome.Created} regions created, {outcome.Deleted} deleted; it lies in {pieces} pieces");
        }

        if (outcome.Problem is { } problem)
        {
            Refused(problem);
            return false;
        }

        if (outcome.End is { } end)
        {
            End(end.Reason, end.Text.Length > 0 ? end.Text : Words(end.Reason));
            return false;
        }

        _followed = look.Extents;
        (_problem, _problems) = (null, 0);
        return true;
    }

    private string Words(FileMapEnd reason) => reason switch
    {
        FileMapEnd.FileEmpty => "the file has no blocks any more",
        _ => $"there is no group {_order.Group} any more",
    };

    private bool IsOurAlone()
    {
        if (!_unlinked)
        {
            // Watch for others closing it, then ask whether there are any.
            _unlinked = true;
            _quiet = 0;
            _watch?.Renew(closing: true);
            _order.Tell(2, $"{_order.Path}: unlinked; followed as long as somebody has it open");
        }

        var held = _order.File.IsHeldByOthers();
        if (!held.Ok && _holdersTold.IsNew())
        {
            _order.Tell(0, $"{held.Error}: it is followed as if somebody had");
        }

        return held is { Ok: true, Value: false };
    }

    /// <summary>The kernel has refused something: the end when that is for good, otherwise it is tried again.</summary>
    private void Refused(KernelError error)
    {
        // 524: ENOTSUPP, from inside the kernel, for a device that handles whole requests.
        const Errno notSupported = (Errno)524;
        if (error.Errno is Errno.ENXIO or Errno.ENODEV)
        {
            End(FileMapEnd.DeviceGone, $"{error}: the device is gone");
        }
        else if (error.Errno is Errno.EOPNOTSUPP or notSupported)
        {
            End(FileMapEnd.Unsupported, $"{error}: the device keeps no statistics");
        }
        else
        {
            _followed = null;
            Problem(error.ToString());
            Schedule(FileMapPace.Again(_problems++));
        }
    }

    private void Problem(string text)
    {
        if (_problem != text)
        {
            _order.Tell(0, $"{_order.Path}: {text}");
        }

        _problem = text;
    }

    private void End(FileMapEnd reason, string text)
    {
        if (_keeper.CarriedHere is { } lost && lost != default)
        {
            _order.Tell(1, $"{_order.Path}: counted by regions that are gone, and kept nowhere else: {lost}");
        }

        Context.Parent.Tell(new FileMapEnded(reason, text), Self);
        Context.Stop(Self);
    }

    /// <summary>The next look, unless there is one before that.</summary>
    private void Schedule(TimeSpan delay)
    {
        if (Clock + delay < _due)
        {
            _due = Clock + delay;
            Timers.StartSingleTimer(LookDue.Timer, new LookDue(), delay);
        }
    }
}
