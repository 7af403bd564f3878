using System.Collections.Immutable;
using System.Diagnostics;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// A member array's legs that have failed, between the record of that and their removal: <see cref="LegWrites"/> lets
/// the writers go, and removes the leg when md lets it, whether its disk is still in the container or not. Part of
/// <see cref="MemberArrayActor"/>, on its thread.
/// </summary>
internal sealed class LegDropping(MemberSettings settings)
{
    // By slot: whether the leg is to be removed already, and when it failed (Stopwatch), if that was here.
    private readonly Dictionary<int, bool> _removing = [];
    private readonly Dictionary<int, long> _since = [];

    /// <summary>Whether no leg is being dropped.</summary>
    public bool IsEmpty => _removing.Count == 0;

    /// <summary>The slots of those legs.</summary>
    public ImmutableArray<int> Slots => [.. _removing.Keys];

    private string Array => settings.Array;

    /// <summary>Another process dropped these; whether it came to removing them is not known.</summary>
    public void Remember(ImmutableArray<int> slots)
    {
        foreach (var slot in slots)
        {
            _removing[slot] = false;
        }
    }

    /// <summary>No removal is tried from now on: another process does that, or this one when it looks again.</summary>
    public void Rest()
    {
        settings.Legs.Rest(Array);
        Remember(Slots);
    }

    /// <summary>The failure of the leg in that slot is recorded.</summary>
    /// <param name="slot">Its slot.</param>
    /// <param name="remove">Whether md lets it be removed now.</param>
    /// <param name="attributes">The array's.</param>
    /// <param name="disks">The container's disks.</param>
    /// <param name="member">The array's actor, who hears of the removal.</param>
    public void Drop(
        int slot, bool remove, MemberAttributes attributes, ImmutableDictionary<DeviceNumber, IActorRef> disks,
        IActorRef member)
    {
        if ((_removing.TryGetValue(slot, out var removing) && (removing || !remove))
            || attributes.Find(slot) is not { } leg)
        {
            return;
        }

        var isNew = !_removing.ContainsKey(slot);
        _removing[slot] = remove;
        if (isNew)
        {
            _since[slot] = Stopwatch.GetTimestamp();
        }

        // Let writers go before the event wakes the log, hooks and status.
        var gone = new LegRemoved(slot, leg.Disk);
        settings.Legs.Drop(leg.In(Array), remove, () => member.Tell(gone, ActorRefs.NoSender));
        if (isNew)
        {
            Tell(leg, slot, disks.ContainsKey(leg.Device));
        }
    }

    /// <summary>It is gone from the array.</summary>
    public void Removed(LegRemoved removed)
    {
        _removing.Remove(removed.Slot);
        _since.Remove(removed.Slot, out var since);
        settings.Events.Info(
            "leg-removed", $"{removed.Disk} was removed from {Array}", Array, removed.Disk,
            new EventDetail("it had failed, and the requests to it have ended", "remove to its state", since == 0 ? null : (long)Stopwatch.GetElapsedTime(since).TotalMicroseconds));
    }

    /// <summary>Another leg may be in the slot from now on.</summary>
    public void Forget(int slot) => _removing.Remove(slot);

    private void Tell(MemberAttributes.Leg leg, int slot, bool isInContainer)
    {
        var left = isInContainer ? "" : "; its disk is not in the container any more";
        settings.Events.Warning(
            "leg-failed", $"{leg.Disk} in slot {slot} of {Array} is faulty, recorded{left}", Array, leg.Disk,
            new EventDetail(
                "md marked it faulty: a request to it failed, or somebody said so",
                "metadata; -blocked, then remove, to its state", null,
                leg.IsRebuilding ? "spare" : "in_sync", "faulty"));
    }
}
