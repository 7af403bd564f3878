using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

// What a container does when one of its actors was restarted, or has ended: it introduces it again to what it knew, and asks again for what it was asked for.
internal sealed partial class ContainerActor
{
    private static readonly TimeSpan ReplaceAfter = TimeSpan.FromSeconds(1);
    private readonly DisksNow _disksNow = new();
    private IActorRef? _farewell;

    private void ChildMessages()
    {
        Receive<Restarted>(_ => IntroduceAgain(Sender));
        Receive<ReplaceDisk>(replace =>
        {
            if (_disks.TryGetValue(replace.Device, out var disk) && disk.Actor.Equals(replace.Ended))
            {
                AddDiskActor(disk.Name, replace.Device);
                TellMembers(new DisksAre(Disks()));
            }
        });
    }

    private void IntroduceAgain(IActorRef child)
    {
        if (_members.ContainsValue(child))
        {
            child.Tell(new DisksAre(Disks()), Self);
            if (_farewellTo is not null)
            {
                child.Tell(new MakeSafe(), Self);
            }
        }

        foreach (var waiting in new[] { _farewell, _pausing })
        {
            waiting?.Tell(new AskAgain(child), Self);
        }
    }

    /// <summary>One that failed too often was ended: another takes its place, but not at once.</summary>
    private void Ended(IActorRef child)
    {
        if (child.Equals(_writer))
        {
            // An array may be frozen that only whoever begins anew thaws.
            throw new InvalidOperationException($"{Name}: the arrays' writer has ended by a fault");
        }

        if (_members.FirstOrDefault(member => member.Value.Equals(child)).Key is { } array)
        {
            Forget(array);
            LookAgain($"the actor of {array} has ended by a fault");
        }

        foreach (var (device, disk) in _disks)
        {
            if (disk.Actor.Equals(child))
            {
                _settings.Events.Error("disk-actor-ended", $"the actor of {disk.Name} has ended by a fault, and is replaced", disk: disk.Name);
                Timers.StartSingleTimer(("replace", device), new ReplaceDisk(device, child), ReplaceAfter);
            }
        }
    }

    private sealed record ReplaceDisk(DeviceNumber Device, IActorRef Ended);

    /// <summary>The disks' actors as they are now, for an actor that is made again on another thread.</summary>
    private sealed class DisksNow
    {
        private volatile ImmutableDictionary<DeviceNumber, IActorRef> _disks = ImmutableDictionary<DeviceNumber, IActorRef>.Empty;

        public ImmutableDictionary<DeviceNumber, IActorRef> Disks
        {
            get => _disks;
            set => _disks = value;
        }
    }
}
