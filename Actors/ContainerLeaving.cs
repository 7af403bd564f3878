using System.Collections.Immutable;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

// When a container is left: there is nothing to stay for, or the supervisor was told to end.
internal sealed partial class ContainerActor
{
    private static readonly TimeSpan LeaveLookEvery = TimeSpan.FromMilliseconds(100);
    private readonly Telling _notOpened = new();
    private IActorRef? _farewellTo;
    private bool _aboutToLeave;
    private bool _safe;

    private void LeaveMessages()
    {
        Receive<MayLeave>(_ => LeaveIfAlone());
        Receive<Flushed>(_ =>
        {
            if (_safe)
            {
                LeaveSafe("its arrays are at rest");
            }
            else
            {
                LeaveIfStillAlone();
            }
        });
        Receive<LeaveNow>(_ => LeaveSafe("some array is still being written"));
        Receive<Farewell>(farewell =>
        {
            if (_farewellTo is not null)
            {
                return;
            }

            _farewellTo = Sender;
            if (farewell.Limit is { } limit)
            {
                Timers.StartSingleTimer("leave-now", new LeaveNow(), limit);
            }

            TellMembers(new MakeSafe());

            // Self means the new actor inside its factory.
            var self = Self;
            ImmutableArray<IActorRef> members = [.. _members.Values];
            _farewell = Context.ActorOf(ActorProps.Of(() => new FarewellActor(members, self)));
        });
        Receive<AllSafe>(_ =>
        {
            _safe = true;
            _metadata.Tell(new Flush(), Self);
        });
    }

    private void LeaveSafe(string how)
    {
        _settings.Events.Info("container-left", $"{Name} is left: {how}");
        Leave(leaveFiles: true);
    }

    private void Leave(bool leaveFiles)
    {
        Context.Parent.Tell(new ContainerLeft(Name, _endpoint?.Close(leaveFiles) ?? Task.FromResult(true)), Self);
        _endpoint = null;
        Context.Stop(Self);
    }

    private void Forget(string array)
    {
        _members.Remove(array);
        LookWhetherToLeave();
    }

    /// <summary>
    /// While it has no arrays, looks again and again whether anybody still has the container open: no event says so.
    /// </summary>
    private void LookWhetherToLeave()
    {
        if (_members.Count > 0 || _endpoint is null)
        {
            Timers.Cancel("leave");
        }
        else if (!Timers.IsTimerActive("leave"))
        {
            Timers.StartPeriodicTimer("leave", new MayLeave(), LeaveLookEvery);
        }
    }

    /// <summary>mdmon's rule: with no array left, and nobody who holds the container open, there is nothing to stay for.</summary>
    private void LeaveIfAlone()
    {
        if (_aboutToLeave || !IsAlone)
        {
            return;
        }

        if (!IsUnused())
        {
            return;
        }

        Reconcile();
        _aboutToLeave = true;
        _metadata.Tell(new Flush(), Self);
    }

    /// <summary>It has no array: none either that runs and could not be read, which is looked at again.</summary>
    private bool IsAlone => _members.Count == 0 && _farewellTo is null && !Timers.IsTimerActive(LookAgainTimer);

    /// <summary>Nobody holds the container open, or it is gone. That it cannot be opened for any other reason says nothing.</summary>
    private bool IsUnused()
    {
        var free = BlockDevice.IsExclusivelyFree($"/dev/{Name}");
        if (free.Ok || free.Error.MeansGone)
        {
            return !free.Ok || free.Value;
        }

        if (SysfsAttribute.ReadOnce($"{SysRoot}/block/{Name}/md/metadata_version") is { Ok: false, Error.MeansGone: true })
        {
            return true;
        }

        if (_notOpened.IsNew())
        {
            _settings.Events.Warning("not-read", $"it is not known whether anybody uses {Name}, so it stays supervised: {free.Error}");
        }

        return false;
    }

    /// <summary>What was found to be recorded when it seemed to be time to leave is on the disks by now.</summary>
    private void LeaveIfStillAlone()
    {
        _aboutToLeave = false;
        if (!IsAlone)
        {
            return;
        }

        _settings.Events.Info("container-left", $"{Name} has no arrays left, and nobody uses it");
        Leave(leaveFiles: false);
    }

    private sealed record MayLeave;

    private sealed record LeaveNow;
}
