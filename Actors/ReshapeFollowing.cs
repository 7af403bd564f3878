using System.Collections.Immutable;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>To itself: has the recorded reshape begun by now?</summary>
internal sealed record ReshapeLook;

/// <summary>
/// What a reshape needs beside the decisions of a look: the new legs' slots as md gave them, the array's size at its end, and the
/// way back when it was recorded but does not begin. mdadm does the rest. Part of <see cref="MemberArrayActor"/>, on its thread.
/// </summary>
internal sealed class ReshapeFollowing(MemberSettings settings)
{
    /// <summary>
    /// mdadm keeps the container frozen from before the reshape is recorded until it runs. Left alone for so long without either, it
    /// was given up.
    /// </summary>
    private const int LooksUntilGivenUp = 10;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private bool _begun;
    private bool _placing;
    private bool _recording;
    private bool _ended;
    private int _idleLooks;
    private ReshapeInfo? _recorded;

    /// <summary>Nothing is half done: what is left is seen again by whoever looks next.</summary>
    public bool IsIdle => !_placing && !_recording && !_ended;

    /// <summary>After each look at the array. True when the metadata is to be asked how the volume is now.</summary>
    public bool Saw(MemberView view, SyncAction before)
    {
        var begins = view.Action == SyncAction.Reshape && before != SyncAction.Reshape;
        var ends = view.Action == SyncAction.Idle && before == SyncAction.Reshape && view.ReshapePosition == ArrayFacts.Complete;
        _begun |= view.Action == SyncAction.Reshape || view.ReshapePosition != ArrayFacts.Complete;
        _placing |= begins;
        _ended |= ends;
        return begins || ends;
    }

    /// <summary>The first look has found that the recorded reshape is over: nobody watched its end.</summary>
    public void EndedUnwatched() => _ended = true;

    /// <summary>The metadata has told how the volume is.</summary>
    public void Described(VolumeInfo volume, MemberAttributes attributes, ITimerScheduler timers, IActorRef self)
    {
        _recorded = volume.Reshape;
        if (volume.Reshape is null)
        {
            timers.Cancel("reshape");
            SetSize(volume, attributes);
            _begun = false;
            _placing = false;
            return;
        }

        if (_placing)
        {
            _placing = false;
            _recording = true;
            settings.Metadata.Tell(
                new Record(
                    self,
                    [new NewLegsPlaced(settings.Volume, [.. attributes.Legs.Select(leg => new LegFact(leg.Slot, leg.Device))])],
                    RecordFor.Reshape),
                self);
        }

        if (!_begun && !volume.Reshape.HasBegun && !timers.IsTimerActive("reshape"))
        {
            _idleLooks = 0;
            timers.StartPeriodicTimer("reshape", new ReshapeLook(), LookEvery);
        }
    }

    /// <summary>Time has passed since a reshape was recorded that has not begun.</summary>
    public void Look(MemberView view, MemberAttributes attributes, ITimerScheduler timers, IActorRef self)
    {
        Saw(view, view.Action);
        if (_begun || _recorded is not { HasBegun: false } reshape)
        {
            timers.Cancel("reshape");
            return;
        }

        _idleLooks = view.Action == SyncAction.Idle && !attributes.Frozen() ? _idleLooks + 1 : 0;
        if (_idleLooks < LooksUntilGivenUp)
        {
            return;
        }

        timers.Cancel("reshape");
        settings.Events.Error(
            "reshape-cancelled",
            $"{settings.Array}: the reshape to {reshape.To.Legs} legs, RAID {reshape.To.Level}, chunk {reshape.To.ChunkBytes / 1024} KiB was recorded but has not begun, and "
            + "mdadm has let go of the container: the metadata becomes what it was before", settings.Array);
        _recording = true;
        settings.Metadata.Tell(new Record(self, [new ReshapeCancelled(settings.Volume)], RecordFor.Reshape), self);
    }

    /// <summary>What was asked to be recorded is.</summary>
    public void Recorded(bool changed, MemberAttributes attributes)
    {
        _recording = false;
        if (_recorded is not { } reshape)
        {
            return;
        }

        if (_begun)
        {
            settings.Events.Info(
                changed ? "legs-placed" : "legs-verified",
                $"{settings.Array}: {(changed ? "the new legs are now recorded" : "the legs are")} in the slots that md gave them", settings.Array);
            return;
        }

        if (!changed)
        {
            return;
        }

        // What md was given for the reshape goes back, unless mdadm has done that itself.
        if (attributes.Shape() is { Level: 5 } shape && reshape.From.Level == 5 && shape.RaidDisks == reshape.To.Legs)
        {
            settings.Writer.Tell(new RestoreShape(settings.Array, reshape.From.Legs), ActorRefs.NoSender);
        }

        _recorded = null;
    }

    // md leaves the size of an array with external metadata to user space.
    private void SetSize(VolumeInfo volume, MemberAttributes attributes)
    {
        if (!_ended)
        {
            return;
        }

        _ended = false;
        settings.Events.Info("reshape-ended", $"{settings.Array}: its reshape has ended, recorded", settings.Array);
        Enlarge(settings.Array, attributes.Number("array_size"), volume, settings.Writer, settings.Events);
    }

    /// <summary>Has an array's size set to what the metadata says, if it is smaller.</summary>
    /// <param name="array">md126</param>
    /// <param name="now">array_size, KiB; 0 where md sets it itself.</param>
    /// <param name="volume">The volume as the metadata has it.</param>
    /// <param name="writer">Writes it.</param>
    /// <param name="events">Who is told.</param>
    public static void Enlarge(string array, ulong now, VolumeInfo volume, IActorRef writer, ContainerEvents events)
    {
        var wanted = volume.ArraySectors / 2;
        if (now > 0 && now < wanted)
        {
            writer.Tell(new SetArraySize(array, wanted), ActorRefs.NoSender);
            events.Info("array-size", $"{array}: {now} -> {wanted} KiB", array);
        }
    }
}
