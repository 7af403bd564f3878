using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

// The container's disks: which md has, who acts for each, and which of them can be read. Each has its actor from the
// beginning; the metadata knows those that can be read.
internal sealed partial class ContainerActor
{
    private static readonly TimeSpan ReadAgainFirst = TimeSpan.FromSeconds(2), ReadAgainLast = TimeSpan.FromMinutes(2);

    private readonly Dictionary<DeviceNumber, (string Name, IActorRef Actor)> _disks = [];
    private readonly Dictionary<DeviceNumber, UnreadDisk> _unread = [];
    private readonly Dictionary<DeviceNumber, string> _notUsed = [];
    private readonly List<IActorRef> _reconciling = [];
    private uint _loadedGeneration;

    private void DiskMessages()
    {
        Receive<DiskRead>(read => TakeRead(read.Reading));
        Receive<ReadDiskAgain>(again =>
        {
            if (_unread.TryGetValue(again.Device, out var disk) && disk.Reading is null)
            {
                BeginReading(again.Device, disk);
            }
        });
        Receive<DiskGivesNoAnswer>(none =>
        {
            if (_unread.TryGetValue(none.Reading.Device, out var disk) && disk.Reading == none.Reading)
            {
                Tell(disk, ContainerLoader.NoAnswer(disk.Name, _settings.Settings.DiskLimit));
                AnswerReconciling();
            }
        });
    }

    /// <summary>What the load found of the disks is how they are.</summary>
    private void TakeLoadedDisks(LoadedContainer loaded)
    {
        _loadedGeneration = loaded.Model!.Generation;
        foreach (var (device, disk) in _disks.ToList())
        {
            if (!loaded.Members.Contains(new ContainerDisk(disk.Name, device)))
            {
                ForgetDisk(device);
            }
        }

        foreach (var member in loaded.Members)
        {
            if (!_disks.ContainsKey(member.Device))
            {
                AddDiskActor(member.Name, member.Device);
            }
        }
    }

    /// <summary>Why the metadata of a disk is not known, of those where it is not.</summary>
    private ImmutableDictionary<DeviceNumber, string> Unreadable() =>
        _notUsed.Concat(_unread.Where(disk => disk.Value.Reason is not null).Select(disk => KeyValuePair.Create(disk.Key, disk.Value.Reason!)))
            .ToImmutableDictionary();

    /// <summary>Reports those that could not be read, and tries them again.</summary>
    private void TakeUnreadable(LoadedContainer loaded)
    {
        // The metadata does not list a disk that was left out, so status takes the reason from here.
        foreach (var verdict in loaded.Verdicts.Where(
            verdict => verdict.IsLeftOut && loaded.Model!.Disks.All(disk => disk.Device != verdict.Device)))
        {
            _notUsed[verdict.Device] = verdict.NotUsed;
        }

        foreach (var verdict in loaded.Verdicts.Where(verdict => verdict.Standing == DiskStanding.Unreadable))
        {
            var disk = new UnreadDisk(verdict.Name, hasArrived: false) { Reading = loaded.Hanging.FirstOrDefault(reading => reading.Device == verdict.Device) };
            _unread[verdict.Device] = disk;
            Tell(disk, verdict.Reason);
            if (disk.Reading is { } reading)
            {
                Await(reading);
            }
            else
            {
                ReadAgainLater(verdict.Device, disk);
            }
        }
    }

    /// <summary>Compares the disks that md has with those that are known.</summary>
    private void ReconcileDisks()
    {
        var listed = ContainerLoader.Members(SysRoot, Name);
        if (!listed.Ok)
        {
            LookAgain($"the disks of {Name} are not known, and taken to be those of before: {listed.Error}");
            return;
        }

        var changed = false;
        foreach (var (device, disk) in _disks.ToList())
        {
            if (!listed.Value.Any(member => member.Device == device))
            {
                ForgetDisk(device);
                _metadata.Tell(new DiskLeft(device), Self);
                _settings.Events.Info("disk-left", $"{disk.Name} has left {Name}", disk: disk.Name);
                changed = true;
            }
        }

        foreach (var member in listed.Value.Where(member => !_disks.ContainsKey(member.Device)))
        {
            AddDiskActor(member.Name, member.Device);
            var disk = new UnreadDisk(member.Name, hasArrived: true);
            _unread[member.Device] = disk;
            BeginReading(member.Device, disk);
            changed = true;
        }

        if (changed)
        {
            TellMembers(new DisksAre(Disks()));
            TellMembers(new LegsMayHaveChanged(true));
        }
    }

    private void BeginReading(DeviceNumber device, UnreadDisk disk)
    {
        disk.Reading = DiskReading.Begin(_settings.Settings.OpenDisk, _format!, disk.Name, device);
        Timers.StartSingleTimer(("answer", device), new DiskGivesNoAnswer(disk.Reading), _settings.Settings.DiskLimit);
        Await(disk.Reading);
    }

    private void Await(DiskReading reading)
    {
        var self = Self;
        reading.Read.ContinueWith(_ => self.Tell(new DiskRead(reading), ActorRefs.NoSender), TaskScheduler.Default);
    }

    private void TakeRead(DiskReading reading)
    {
        if (!_unread.TryGetValue(reading.Device, out var disk) || disk.Reading != reading)
        {
            reading.Abandon();
            return;
        }

        disk.Reading = null;
        Timers.Cancel(("answer", reading.Device));
        if (reading.Read.Result is { Ok: true, Value: var opened })
        {
            _unread.Remove(reading.Device);
            opened.Device.StartWorker();
            _metadata.Tell(new DiskArrived(opened.Source, opened.Device) { FoundSince = disk.HasArrived ? null : _loadedGeneration }, Self);
            _settings.Events.Info(
                disk.HasArrived ? "disk-arrived" : "disk-readable",
                disk.HasArrived ? $"{disk.Name} has come into {Name}" : $"{disk.Name} of {Name} can be read again", disk: disk.Name);
            TellMembers(new LegsMayHaveChanged(true));
        }
        else
        {
            Tell(disk, ContainerLoader.CannotBeRead(disk.Name, reading.Read.Result.Error));
            ReadAgainLater(reading.Device, disk);
        }

        AnswerReconciling();
    }

    /// <summary>Once for each disk: it is tried again and again.</summary>
    private void Tell(UnreadDisk disk, string reason)
    {
        if (disk.Reason is null)
        {
            _settings.Events.Error(
                "disk-unreadable",
                $"{reason}; {Name} does without its metadata until it can be read, and tries that again", disk: disk.Name);
        }

        disk.Reason = reason;
    }

    private void ReadAgainLater(DeviceNumber device, UnreadDisk disk) =>
        Timers.StartSingleTimer(("read", device), new ReadDiskAgain(device), Delays.After(disk.Tries++, ReadAgainFirst, ReadAgainLast));

    /// <summary>mdadm has asked for that what has come is acted upon: a disk that does not answer is not waited for.</summary>
    private void AnswerReconciling()
    {
        if (_unread.Values.Any(disk => disk is { Reading: not null, Reason: null }))
        {
            return;
        }

        foreach (var asker in _reconciling)
        {
            asker.Tell(new Pong(), Self);
        }

        _reconciling.Clear();
    }

    private void ForgetDisk(DeviceNumber device)
    {
        _notUsed.Remove(device);
        if (_unread.Remove(device, out var disk))
        {
            Timers.Cancel(("answer", device));
            Timers.Cancel(("read", device));
            disk.Reading?.Abandon();
        }

        if (_disks.Remove(device, out var known))
        {
            Context.Unwatch(known.Actor);
            Context.Stop(known.Actor);
            _disksNow.Disks = Disks();
        }
    }

    private void AddDiskActor(string name, DeviceNumber device)
    {
        var actor = Context.ActorOf(
            ActorProps.Of(() => new DiskActor(SysRoot, name, device, _legs), _settings.Home.Dispatcher),
            $"{name.Replace('!', '-')}-{++_names}");
        Context.Watch(actor);
        _disks[device] = (name, actor);
        _disksNow.Disks = Disks();
    }

    private ImmutableDictionary<DeviceNumber, IActorRef> Disks() => _disks.ToImmutableDictionary(disk => disk.Key, disk => disk.Value.Actor);

    /// <summary>To itself, from the thread that read: the disk has been read, or could not be.</summary>
    private sealed record DiskRead(DiskReading Reading);

    private sealed record ReadDiskAgain(DeviceNumber Device);

    private sealed record DiskGivesNoAnswer(DiskReading Reading);

    /// <summary>A disk whose metadata is not known.</summary>
    /// <param name="name">The kernel's name.</param>
    /// <param name="hasArrived">It came while the container was supervised; else it was there when that was loaded, without it.</param>
    private sealed class UnreadDisk(string name, bool hasArrived)
    {
        public string Name { get; } = name;

        public bool HasArrived { get; } = hasArrived;

        public DiskReading? Reading { get; set; }

        /// <summary>Why it cannot be read, once that was reported.</summary>
        public string? Reason { get; set; }

        public int Tries { get; set; }
    }
}
