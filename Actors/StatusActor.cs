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
/// To the status actor: how do these stand? The asker gets a <see cref="SystemReport"/>, at the latest when the limit
/// is over.
/// </summary>
/// <param name="Containers">The containers that are asked.</param>
/// <param name="Refused">Those that nobody is there to be asked of.</param>
/// <param name="Asker">Receives the report.</param>
/// <param name="Limit">Who has not answered by then is shown as such.</param>
internal sealed record AskContainers(
    ImmutableArray<AskedContainer> Containers, ImmutableArray<ContainerReport> Refused, IActorRef Asker,
        TimeSpan Limit);

/// <summary>
/// Asks everybody how he stands: each container for its parts, its thread whether it runs, then each part. Nobody has
/// to wait for anybody else, and who does not answer in time is shown as such. Nobody is asked again before he has
/// answered: he may wait in the kernel for days, with somebody watching, and each further question would stay in
/// memory as long. Nor does each who asks wait the whole limit for him again. An answer that comes late is for whoever
/// asks then.
/// </summary>
internal sealed class StatusActor : RaidActor, IWithTimers
{
    /// <summary>
    /// When all others have answered, a disk's actor has so long, and so has who was silent for a whole limit before.
    /// </summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// A question that an actor has failed at is never answered. It is asked once more after the first of these, and
    /// twice as late each time, as the actor may wait as well.
    /// </summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(5), LostAtMost = TimeSpan.FromMinutes(5);

    private readonly Dictionary<IActorRef, (TimeSpan Since, int Again)> _open = [];
    private readonly Dictionary<EventLoop, (IActorRef Actor, TimeSpan Since)> _openLoops = [];
    private readonly List<Round> _rounds = [];

    /// <summary>Asks nobody yet.</summary>
    public StatusActor()
    {
        Receive<AskContainers>(Begin);
        Receive<ContainerParts>(parts => Answered((round, inquiry) => AskParts(round, inquiry, parts)));
        Receive<LoopAnswer>(answer =>
        {
            _openLoops.Remove(answer.Loop);
            ForEach(inquiry => inquiry.Asked.Loop == answer.Loop, inquiry => inquiry.LoopAnswered = true);
        });
        Receive<MetadataStanding>(standing => Answered((_, inquiry) => inquiry.Metadata = standing));
        Receive<ArrayStanding>(standing => Answered((_, inquiry) => inquiry.Arrays[standing.Name] = standing));
        Receive<DiskAnswer>(
            answer => Answered((_, inquiry) => inquiry.InKernel.UnionWith(answer.Waits ? [Sender] : [])));
        Receive<Terminated>(dead => Ended(dead.ActorRef));
        Receive<TimeIsUp>(up => Answer(up.Round));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private void Begin(AskContainers asked)
    {
        var round = new Round(asked, [.. asked.Containers.Select(container => new Inquiry(container))]);
        _rounds.Add(round);
        Timers.StartSingleTimer(round, new TimeIsUp(round), asked.Limit);
        foreach (var inquiry in round.Inquiries)
        {
            round.Parts[inquiry.Asked.Actor] = inquiry;
            if (inquiry.Asked.Started)
            {
                inquiry.IsLate = !Ask(inquiry.Asked.Actor, new NameParts(), asked.Limit);
                inquiry.LoopIsLate = !AskLoop(inquiry.Asked, asked.Limit);
            }
        }

        AnswerIfComplete(round);
    }

    /// <summary>False: he was asked before, and has been silent for the whole limit since.</summary>
    private bool Ask(IActorRef actor, object question, TimeSpan limit)
    {
        var isOpen = _open.TryGetValue(actor, out var open);
        if (isOpen && Clock - open.Since is var silent && silent < Delays.After(open.Again, LostAfter, LostAtMost))
        {
            return silent < limit;
        }

        _open[actor] = (Clock, isOpen ? open.Again + 1 : 0);
        Context.Watch(actor);
        actor.Tell(question, Self);
        return true;
    }

    /// <summary>False: as <see cref="Ask"/> has it.</summary>
    private bool AskLoop(AskedContainer container, TimeSpan limit)
    {
        var (self, loop) = (Self, container.Loop);
        if (!_openLoops.TryAdd(loop, (container.Actor, Clock)))
        {
            return Clock - _openLoops[loop].Since < limit;
        }

        loop.Post(() => self.Tell(new LoopAnswer(loop), ActorRefs.NoSender));
        return true;
    }

    private void AskParts(Round round, Inquiry inquiry, ContainerParts parts)
    {
        if (inquiry.Parts is not null)
        {
            return; // This was for another round.
        }

        inquiry.Parts = parts;
        AskPart(parts.Metadata, inquiry.Waiting);
        foreach (var member in parts.Members)
        {
            AskPart(member.Actor, inquiry.Waiting);
        }

        foreach (var disk in parts.Disks)
        {
            AskPart(disk.Actor, inquiry.WaitingDisks);
        }

        void AskPart(IActorRef actor, HashSet<IActorRef> waiting)
        {
            round.Parts[actor] = inquiry;
            waiting.Add(actor);
            if (!Ask(actor, new DescribeYourself(), round.Asked.Limit))
            {
                inquiry.Late.Add(actor);
            }
        }
    }

    private void Answered(Action<Round, Inquiry> note)
    {
        _open.Remove(Sender);
        foreach (var round in _rounds.ToArray())
        {
            if (round.Parts.TryGetValue(Sender, out var inquiry))
            {
                note(round, inquiry);
                inquiry.Waiting.Remove(Sender);
                inquiry.WaitingDisks.Remove(Sender);
                AnswerIfComplete(round);
            }
        }
    }

    /// <summary>Who is gone does not answer, and is not missed.</summary>
    private void Ended(IActorRef actor)
    {
        _open.Remove(actor);
        foreach (var loop in _openLoops.Where(open => open.Value.Actor.Equals(actor))
            .Select(open => open.Key).ToArray())
        {
            _openLoops.Remove(loop);
        }

        foreach (var round in _rounds.ToArray())
        {
            if (round.Parts.TryGetValue(actor, out var inquiry))
            {
                inquiry.HasEnded |= actor.Equals(inquiry.Asked.Actor);
                inquiry.Waiting.Remove(actor);
                inquiry.WaitingDisks.Remove(actor);
                AnswerIfComplete(round);
            }
        }
    }

    private void ForEach(Func<Inquiry, bool> which, Action<Inquiry> note)
    {
        foreach (var round in _rounds.ToArray())
        {
            foreach (var inquiry in round.Inquiries.Where(which))
            {
                note(inquiry);
            }

            AnswerIfComplete(round);
        }
    }

    private void AnswerIfComplete(Round round)
    {
        if (!round.Inquiries.All(inquiry => inquiry.IsComplete))
        {
            return;
        }

        if (round.Inquiries.All(inquiry => inquiry.HasAllAnswers))
        {
            Answer(round);
        }
        else if (!Timers.IsTimerActive(round.Inquiries))
        {
            Timers.StartSingleTimer(round.Inquiries, new TimeIsUp(round), Grace);
        }
    }

    private void Answer(Round round)
    {
        Timers.Cancel(round);
        Timers.Cancel(round.Inquiries);
        if (_rounds.Remove(round))
        {
            var there = round.Inquiries.Where(inquiry => !inquiry.HasEnded).Select(inquiry => inquiry.Report());
            round.Asked.Asker.Tell(new SystemReport([.. there, .. round.Asked.Refused]), Self);
        }
    }

    private sealed record LoopAnswer(EventLoop Loop);

    private sealed record TimeIsUp(Round Round);

    /// <summary>One question to all, until it is answered.</summary>
    private sealed class Round(AskContainers asked, Inquiry[] inquiries)
    {
        public AskContainers Asked { get; } = asked;

        public Inquiry[] Inquiries { get; } = inquiries;

        /// <summary>Of which container each actor is that was asked.</summary>
        public Dictionary<IActorRef, Inquiry> Parts { get; } = [];
    }

    private sealed class Inquiry(AskedContainer asked)
    {
        public AskedContainer Asked { get; } = asked;

        public bool LoopAnswered { get; set; }

        /// <summary>The thread has been silent for a whole limit before this was asked.</summary>
        public bool LoopIsLate { get; set; }

        /// <summary>So has the container's actor.</summary>
        public bool IsLate { get; set; }

        public bool HasEnded { get; set; }

        public ContainerParts? Parts { get; set; }

        public MetadataStanding? Metadata { get; set; }

        public Dictionary<string, ArrayStanding> Arrays { get; } = [];

        public HashSet<IActorRef> Waiting { get; } = [];

        /// <summary>Those of them who have been silent for a whole limit before this was asked.</summary>
        public HashSet<IActorRef> Late { get; } = [];

        public HashSet<IActorRef> WaitingDisks { get; } = [];

        /// <summary>Disks that wait in the kernel.</summary>
        public HashSet<IActorRef> InKernel { get; } = [];

        /// <summary>Nobody of whom there is reason to expect an answer owes one, but for disks.</summary>
        public bool IsComplete => HasEnded || !Asked.Started
            || ((LoopAnswered || LoopIsLate) && (Parts is not null || IsLate) && Waiting.IsSubsetOf(Late));

        /// <summary>Nobody owes one.</summary>
        public bool HasAllAnswers => HasEnded || !Asked.Started || (HasAnswered && WaitingDisks.Count == 0);

        private bool HasAnswered => LoopAnswered && Parts is not null && Waiting.Count == 0;

        public ContainerReport Report()
        {
            var health = !Asked.Started ? ContainerHealth.Starting
                : !LoopAnswered ? KernelThread.WaitsInKernel(Asked.Loop.ThreadNumber) ? ContainerHealth.WaitsInKernel
                    : ContainerHealth.Stuck
                : HasAnswered ? ContainerHealth.Answers
                : ContainerHealth.Silent;
            ImmutableArray<string> silent = Asked.Started && Parts is null ? ["container"]
                : [.. Waiting.Select(actor => actor.Path.Name)];
            return new ContainerReport(Asked.Name, health, silent, Metadata?.Format ?? "", Metadata?.Generation ?? 0,
                [.. ArrayReports()], [.. DiskReports()])
            {
                Volumes = Metadata?.Volumes ?? [],
                Uuid = Metadata?.Uuid,
            };
        }

        private IEnumerable<ArrayReport> ArrayReports()
        {
            var running = Parts is null ? [] : Parts.Members.Select(member => Arrays.GetValueOrDefault(member.Name)
                ?? new ArrayStanding(member.Name, -1, ArrayState.Unknown, SyncAction.Unknown, null, 0, []))
                    .Concat(Parts.Striped);
            return running.OrderBy(array => array.Volume).Select(array =>
            {
                var volume = Metadata?.Volumes.FirstOrDefault(volume => volume.Index == array.Volume);
                return new ArrayReport(
                    array.Name, array.Volume, volume?.Name ?? "", volume?.Level, array.State, array.Action,
                        array.Sync?.Fraction, array.RaidDisks, array.Legs)
                {
                    Uuid = volume is null ? null
                        : Metadata!.VolumeUuids.ElementAtOrDefault(Metadata.Volumes.IndexOf(volume)),
                    Recorded = volume,
                    Sync = array.Sync,
                    Waiting = array.Waiting,
                    Writers = array.Writers,
                };
            });
        }

        private IEnumerable<DiskReport> DiskReports() =>
            (Parts?.Disks ?? []).OrderBy(disk => disk.Name, StringComparer.Ordinal).Select(disk =>
            {
                var known = Metadata?.Disks.FirstOrDefault(info => info.Device == disk.Device);
                // It runs on the container's thread: silent when that is stuck, whatever becomes of the disk.
                var isSilent = LoopAnswered && WaitingDisks.Contains(disk.Actor);
                return new DiskReport(
                    disk.Name, disk.Device, known is { IsSpare: true }, known is { IsFailed: true },
                    Metadata is not null && Metadata.Hanging.Contains(disk.Device),
                    !isSilent && !InKernel.Contains(disk.Actor))
                {
                    Serial = known?.Serial ?? "",
                    Sectors = known?.Sectors ?? 0,
                    IsDoubtful = Metadata is not null && Metadata.Doubtful.Contains(disk.Name),
                    Unreadable = Parts?.Unreadable.GetValueOrDefault(disk.Device),
                };
            });
    }
}
