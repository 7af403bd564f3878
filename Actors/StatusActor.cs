using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>A container to be asked how it stands.</summary>
/// <param name="Name">md127</param>
/// <param name="Actor">Its actor.</param>
/// <param name="Loop">Its thread.</param>
/// <param name="Started">It has been taken up.</param>
internal sealed record AskedContainer(string Name, IActorRef Actor, EventLoop Loop, bool Started);

/// <summary>
/// Asks everybody how he stands, once: each container for its parts, its thread whether it runs, then each part. Nobody has to wait for
/// anybody else, and who does not answer in time is shown as such.
/// </summary>
internal sealed class StatusActor : ReceiveActor, IWithTimers
{
    /// <summary>A disk may rightly wait in the kernel: when all others have answered, it has so long.</summary>
    private static readonly TimeSpan DiskGrace = TimeSpan.FromMilliseconds(250);

    private readonly IActorRef _asker;
    private readonly TimeSpan _limit;
    private readonly ImmutableArray<Inquiry> _inquiries;
    private readonly Dictionary<IActorRef, Inquiry> _parts = [];

    /// <summary>Answers that asker within that limit.</summary>
    public StatusActor(ImmutableArray<AskedContainer> containers, IActorRef asker, TimeSpan limit)
    {
        _asker = asker;
        _limit = limit;
        _inquiries = [.. containers.Select(container => new Inquiry(container))];
        Receive<ContainerParts>(AskParts);
        Receive<LoopAnswer>(answer =>
        {
            answer.Inquiry.LoopAnswered = true;
            AnswerIfComplete();
        });
        Receive<MetadataStanding>(standing => Note(inquiry => inquiry.Metadata = standing));
        Receive<ArrayStanding>(standing => Note(inquiry => inquiry.Arrays[standing.Name] = standing));
        Receive<DiskAnswer>(_ => Note(_ => { }));
        Receive<Terminated>(dead => Ended(dead.ActorRef));
        Receive<TimeIsUp>(_ => Answer());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Timers.StartSingleTimer("limit", new TimeIsUp(), _limit);
        var self = Self;
        foreach (var inquiry in _inquiries)
        {
            _parts[inquiry.Asked.Actor] = inquiry;
            if (inquiry.Asked.Started)
            {
                Context.Watch(inquiry.Asked.Actor);
                inquiry.Asked.Actor.Tell(new NameParts(), Self);
                inquiry.Asked.Loop.Post(() => self.Tell(new LoopAnswer(inquiry), ActorRefs.NoSender));
            }
        }

        AnswerIfComplete();
    }

    private void AskParts(ContainerParts parts)
    {
        if (!_parts.TryGetValue(Sender, out var inquiry))
        {
            return;
        }

        inquiry.Parts = parts;
        Ask(parts.Metadata, inquiry.Waiting);
        foreach (var member in parts.Members)
        {
            Ask(member.Actor, inquiry.Waiting);
        }

        foreach (var disk in parts.Disks)
        {
            Ask(disk.Actor, inquiry.WaitingDisks);
        }

        void Ask(IActorRef actor, HashSet<IActorRef> waiting)
        {
            _parts[actor] = inquiry;
            waiting.Add(actor);
            Context.Watch(actor);
            actor.Tell(new DescribeYourself(), Self);
        }
    }

    private void Note(Action<Inquiry> note)
    {
        if (_parts.TryGetValue(Sender, out var inquiry))
        {
            note(inquiry);
            inquiry.Waiting.Remove(Sender);
            inquiry.WaitingDisks.Remove(Sender);
            AnswerIfComplete();
        }
    }

    /// <summary>Who is gone does not answer, and is not missed.</summary>
    private void Ended(IActorRef actor)
    {
        if (_parts.TryGetValue(actor, out var inquiry))
        {
            inquiry.HasEnded |= actor.Equals(inquiry.Asked.Actor);
            inquiry.Waiting.Remove(actor);
            inquiry.WaitingDisks.Remove(actor);
            AnswerIfComplete();
        }
    }

    private void AnswerIfComplete()
    {
        if (!_inquiries.All(inquiry => inquiry.IsComplete))
        {
            return;
        }

        if (_inquiries.All(inquiry => inquiry.WaitingDisks.Count == 0))
        {
            Answer();
        }
        else if (!Timers.IsTimerActive("disks"))
        {
            Timers.StartSingleTimer("disks", new TimeIsUp(), DiskGrace);
        }
    }

    private void Answer()
    {
        _asker.Tell(new SystemReport([.. _inquiries.Where(inquiry => !inquiry.HasEnded).Select(inquiry => inquiry.Report())]), Self);
        Context.Stop(Self);
    }

    private sealed record LoopAnswer(Inquiry Inquiry);

    private sealed record TimeIsUp;

    private sealed class Inquiry(AskedContainer asked)
    {
        public AskedContainer Asked { get; } = asked;

        public bool LoopAnswered { get; set; }

        public bool HasEnded { get; set; }

        public ContainerParts? Parts { get; set; }

        public MetadataStanding? Metadata { get; set; }

        public Dictionary<string, ArrayStanding> Arrays { get; } = [];

        public HashSet<IActorRef> Waiting { get; } = [];

        public HashSet<IActorRef> WaitingDisks { get; } = [];

        public bool IsComplete => HasEnded || !Asked.Started || (LoopAnswered && Parts is not null && Waiting.Count == 0);

        public ContainerReport Report()
        {
            var health = !Asked.Started ? ContainerHealth.Starting
                : !LoopAnswered ? KernelThread.WaitsInKernel(Asked.Loop.ThreadNumber) ? ContainerHealth.WaitsInKernel : ContainerHealth.Stuck
                : IsComplete ? ContainerHealth.Answers
                : ContainerHealth.Silent;
            ImmutableArray<string> silent = Asked.Started && Parts is null ? ["container"] : [.. Waiting.Select(actor => actor.Path.Name)];
            return new ContainerReport(Asked.Name, health, silent, Metadata?.Format ?? "", Metadata?.Generation ?? 0, [.. ArrayReports()], [.. DiskReports()]);
        }

        private IEnumerable<ArrayReport> ArrayReports()
        {
            var running = Parts is null ? [] : Parts.Members.Select(member => Arrays.GetValueOrDefault(member.Name)
                ?? new ArrayStanding(member.Name, -1, ArrayState.Unknown, SyncAction.Unknown, null, 0, [])).Concat(Parts.Striped);
            return running.OrderBy(array => array.Volume).Select(array =>
            {
                var volume = Metadata?.Volumes.FirstOrDefault(volume => volume.Index == array.Volume);
                return new ArrayReport(
                    array.Name, array.Volume, volume?.Name ?? "", volume?.Level, array.State, array.Action, array.Sync?.Fraction, array.RaidDisks, array.Legs)
                {
                    Recorded = volume,
                    Sync = array.Sync,
                    Waiting = array.Waiting,
                };
            });
        }

        private IEnumerable<DiskReport> DiskReports() =>
            (Parts?.Disks ?? []).OrderBy(disk => disk.Name, StringComparer.Ordinal).Select(disk =>
            {
                var known = Metadata?.Disks.FirstOrDefault(info => info.Device == disk.Device);
                return new DiskReport(
                    disk.Name, disk.Device, known is { IsSpare: true }, known is { IsFailed: true },
                    Metadata is not null && Metadata.Hanging.Contains(disk.Device), !WaitingDisks.Contains(disk.Actor))
                {
                    Serial = known?.Serial ?? "",
                    Sectors = known?.Sectors ?? 0,
                };
            });
    }
}
