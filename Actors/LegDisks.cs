using System.Collections.Immutable;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// Who writes to a member array's legs: the actor of the leg's disk. A leg may outlive its disk in the container (a
/// disk that is pulled leaves the container before its leg is seen faulty, or after; a supervisor may start in
/// between): then an actor of the array's own does it, as what is written may wait in the kernel. Part of <see
/// cref="MemberArrayActor"/>, on its thread.
/// </summary>
/// <param name="settings">The array's.</param>
/// <param name="start">Starts an actor for the disk of a leg.</param>
/// <param name="stop">Stops it.</param>
internal sealed class LegDisks(MemberSettings settings, Func<MemberAttributes.Leg, IActorRef> start, Action<IActorRef> stop)
{
    // By the kernel's name of the disk: of one that is gone md does not tell the number any more.
    private readonly Dictionary<string, IActorRef> _strays = [];

    /// <summary>The container's disks.</summary>
    public ImmutableDictionary<DeviceNumber, IActorRef> InContainer { get; private set; } = settings.Disks;

    /// <summary>The container has these disks from now on.</summary>
    /// <param name="disks">Its disks.</param>
    /// <param name="legs">The array's legs.</param>
    /// <param name="member">The array's actor.</param>
    /// <returns>The legs that another actor writes to from now on; it knows nothing of what the one before was
    /// told.</returns>
    public ImmutableArray<MemberAttributes.Leg> Become(
        ImmutableDictionary<DeviceNumber, IActorRef> disks, IEnumerable<MemberAttributes.Leg> legs, IActorRef member)
    {
        var before = InContainer;
        InContainer = disks;
        ImmutableArray<MemberAttributes.Leg> others =
            [.. legs.Where(leg => !Equals(before.GetValueOrDefault(leg.Device), disks.GetValueOrDefault(leg.Device)))];
        foreach (var leg in others)
        {
            Introduce(leg, member);
        }

        return others;
    }

    /// <summary>A leg has appeared.</summary>
    public void Introduce(MemberAttributes.Leg leg, IActorRef member)
    {
        if (InContainer.TryGetValue(leg.Device, out var disk))
        {
            StopStray(leg);
            disk.Tell(Appeared(leg, member), member);
        }
    }

    /// <summary>A leg is gone.</summary>
    public void Forget(MemberAttributes.Leg leg, IActorRef member)
    {
        StopStray(leg);
        if (InContainer.TryGetValue(leg.Device, out var disk))
        {
            disk.Tell(new LegVanished(settings.Array), member);
        }
    }

    /// <summary>Tells whoever writes to that leg.</summary>
    public void Tell(MemberAttributes.Leg leg, object message, IActorRef member)
    {
        if (!InContainer.TryGetValue(leg.Device, out var disk) && !_strays.TryGetValue(leg.Disk, out disk))
        {
            disk = start(leg);
            _strays[leg.Disk] = disk;
            disk.Tell(Appeared(leg, member), member);
        }

        disk.Tell(message, member);
    }

    private LegAppeared Appeared(MemberAttributes.Leg leg, IActorRef member) => new(settings.Array, leg.Slot, leg.StatePath, member);

    private void StopStray(MemberAttributes.Leg leg)
    {
        if (_strays.Remove(leg.Disk, out var stray))
        {
            stop(stray);
        }
    }
}
