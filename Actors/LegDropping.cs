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

    /// <summary>These legs were seen as failed, which is about to be recorded.</summary>
    /// <returns>Those of which that was not known.</returns>
    public ImmutableArray<MemberAttributes.Leg> Lose(ImmutableArray<int> slots, MemberAttributes attributes)
    {
        var lost = ImmutableArray<MemberAttributes.Leg>.Empty;
        foreach (var slot in slots)
        {
            if (attributes.Find(slot) is { IsLost: false } leg)
            {
                leg.IsLost = true;
                lost = settings.LostLegs.Add(leg.Directory) && !_removing.ContainsKey(slot) ? lost.Add(leg) : lost;
            }
        }

        return lost;
    }

    /// <summary>The failure of the leg in that slot is recorded.</summary>
    /// <param name="slot">Its slot. The leg may have been taken out meanwhile, and there may be another.</param>
    /// <param name="remove">Whether md lets it be removed now.</param>
    /// <param name="attributes">The array's.</param>
    /// <param name="member">The array's actor, who hears of the removal.</param>
    public void Drop(int slot, bool remove, MemberAttributes attributes, IActorRef member)
    {
        if ((_removing.TryGetValue(slot, out var removing) && (removing || !remove))
            || attributes.Find(slot) is not { IsLost: true } leg)
        {
            return;
        }

        if (_removing.TryAdd(slot, remove))
        {
            _since[slot] = Stopwatch.GetTimestamp();
        }

        _removing[slot] = remove;
        var gone = new LegRemoved(slot, leg.Disk);
        settings.Legs.Drop(leg.In(Array), remove, () => member.Tell(gone, ActorRefs.NoSender));
    }

    /// <summary>A leg was taken out while its failure was recorded: its disk's other legs are failed all the same.</summary>
    public void DropOthers(MemberAttributes.Leg leg) => settings.Legs.Drop(leg.In(Array), remove: false, () => { });

    /// <summary>It is gone from the array.</summary>
    public void Removed(LegRemoved removed)
    {
        _removing.Remove(removed.Slot);
        _since.Remove(removed.Slot, out var since);
        settings.Events.Info(
            "leg-removed", $"{removed.Disk} was removed from {Array}", Array, removed.Disk,
            new EventDetail("it had failed, and the requests to it have ended", "remove to its state", since == 0 ? null : (long)Stopwatch.GetElapsedTime(since).TotalMicroseconds));
    }

    /// <summary>That leg is gone: another may be in its slot from now on, or on its disk.</summary>
    public void Forget(MemberAttributes.Leg leg)
    {
        _removing.Remove(leg.Slot);
        settings.LostLegs.Remove(leg.Directory);
    }

    /// <summary>Of the legs that another process, or an actor before, knew to have failed, these are still there.</summary>
    public void Keep(IReadOnlyCollection<MemberAttributes.Leg> legs)
    {
        settings.LostLegs.IntersectWith(legs.Select(leg => leg.Directory));
        foreach (var slot in Slots.Except(legs.Select(leg => leg.Slot)))
        {
            _removing.Remove(slot);
        }
    }
}
