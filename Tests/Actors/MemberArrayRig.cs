using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Xunit;
using Record = ActorRaid.Actors.Record;

namespace ActorRaid.Tests.Actors;

/// <summary>The actor of a RAID5 on three disks, md126, between probes: its container, its metadata and its disks. The kernel is a folder.</summary>
internal sealed class MemberArrayRig : LoopKit
{
    private readonly TestProbe _asker;
    private readonly LegWrites _legs;

    /// <param name="state">array_state when the actor comes.</param>
    /// <param name="delay">safe_mode_delay.</param>
    /// <param name="note">What a supervisor before left a note of.</param>
    /// <param name="before">safe_mode_delay before a predecessor was told to end.</param>
    /// <param name="dropping">The slot whose leg a predecessor was dropping when it handed over; null: there was none.</param>
    /// <param name="isThere">That leg is still there.</param>
    public MemberArrayRig(
        string state, string delay = "0.200", string? note = null, string? before = null, int? dropping = null, bool isThere = true)
    {
        Md = Sysfs.Array(Name, "md127", volume: 0, legs: 3, state);
        Sysfs.Put(Name, "safe_mode_delay", delay + "\n");
        Sysfs.Put(Name, "../diskseq", "7\n");
        Directory.CreateDirectory(Sysfs.RunDirectory);
        if (note is not null)
        {
            File.WriteAllText(Note, note);
        }

        Metadata = CreateTestProbe();
        Disks = [.. Enumerable.Range(0, 4).Select(_ => CreateTestProbe())];
        _asker = CreateTestProbe();
        Writer = CreateTestProbe();
        Container = CreateTestProbe();
        _legs = new LegWrites(Events);
        var settings = new MemberSettings(
            Sysfs.Root, Name, 0, Loop, Metadata.Ref,
            Without(-1), Writer.Ref, _legs, Events)
        {
            RunDirectory = Sysfs.RunDirectory,
            DelayBefore = before,
        };
        var handed = dropping is { } slot
            ? new ArraySnapshot(Name, MemberMemory.New with { State = KernelWords.ParseState(state) }, [slot])
            : null;
        if (!isThere)
        {
            Directory.Delete(Sysfs.PathOf(Name, $"dev-sd{"abc"[dropping!.Value]}"), recursive: true);
        }

        Actor = OnLoop(() => new MemberArrayActor(settings, handed), Container);
    }

    public const string Name = "md126";

    public FakeSysfs Sysfs { get; } = new();

    public FakeArray Md { get; }

    public TestProbe Container { get; }

    public TestProbe Metadata { get; }

    /// <summary>The arrays' writer.</summary>
    public TestProbe Writer { get; }

    /// <summary>sda to sdc are the legs, sdd is none.</summary>
    public TestProbe[] Disks { get; }

    public IActorRef Actor { get; }

    /// <summary>The volume as the metadata has it.</summary>
    public static VolumeInfo Volume => Build.Container(disks: 3).Volume(level: 5, disks: 3).Volumes[0];

    /// <summary>safe_mode_delay</summary>
    public string Delay
    {
        get => Sysfs.Text(Name, "safe_mode_delay");
        set => Sysfs.Put(Name, "safe_mode_delay", value + "\n");
    }

    /// <summary>Where a supervisor that leaves notes what it was.</summary>
    public string Note => $"{Sysfs.RunDirectory}/{Name}.delay";

    /// <summary>The container's disks without one of them.</summary>
    public ImmutableDictionary<DeviceNumber, IActorRef> Without(int disk) =>
        Enumerable.Range(0, 4).Where(number => number != disk)
            .ToImmutableDictionary(Build.Device, number => Disks[number].Ref);

    /// <summary>Another leg in that slot, whose state is a regular file.</summary>
    /// <returns>That file.</returns>
    public string Plain(int leg, string state)
    {
        var (old, path) = ($"dev-sd{"abc"[leg]}", $"dev-sd{"xyz"[leg]}");
        Sysfs.Put(Name, $"{path}/slot", $"{leg}\n");
        Sysfs.Put(Name, $"{path}/block/dev", $"{Build.Device(leg)}\n");
        Sysfs.Put(Name, $"{path}/recovery_start", "none\n");
        Sysfs.Put(Name, $"{path}/state", state);
        Directory.Delete(Path.GetDirectoryName(Sysfs.PathOf(Name, $"{old}/state"))!, recursive: true);
        return Sysfs.PathOf(Name, $"{path}/state");
    }

    /// <summary>Takes the array up to where it watches.</summary>
    public MemberArrayRig TakenUp()
    {
        Assert.Equal(new DescribeVolume(0), Metadata.ExpectMsg<DescribeVolume>());
        Actor.Tell(new VolumeDescribed(Volume), Metadata.Ref);
        Answer(NextRecord());
        Settle();
        return this;
    }

    /// <summary>md has the disk in that slot, as a spare.</summary>
    public void Joins(string disk, int number, int slot)
    {
        Sysfs.Put(Name, $"dev-{disk}/slot", $"{slot}\n");
        Sysfs.Put(Name, $"dev-{disk}/block/dev", Build.Device(number) + "\n");
        Sysfs.Put(Name, $"dev-{disk}/recovery_start", "0\n");
        Sysfs.Put(Name, $"dev-{disk}/state", "spare\n");
    }

    /// <summary>Has the actor look at its attributes, as the kernel's notification would.</summary>
    public void Look() => Actor.Tell(new Look(_asker.Ref), _asker.Ref);

    /// <summary>Waits until that look is over and all that it found is recorded.</summary>
    public void LookIsOver()
    {
        _asker.ExpectMsg<Looked>();
        Settle();
    }

    /// <summary>md rebuilds a leg, and has come to that sector.</summary>
    public void Rebuilt(int leg, ulong to)
    {
        Md.Legs[leg].Text = "spare";
        Sysfs.Put(Name, $"dev-sd{"abc"[leg]}/recovery_start", $"{to}\n");
    }

    /// <summary>Whether a look is still unanswered.</summary>
    public bool StillLooks => !_asker.HasMessages;

    /// <summary>The slots in which the actor knows a leg.</summary>
    public IEnumerable<int> Slots()
    {
        var asker = CreateTestProbe();
        Actor.Tell(new DescribeYourself(), asker.Ref);
        return asker.ExpectMsg<ArrayStanding>().Legs.Select(leg => leg.Slot);
    }

    /// <summary>What the actor wants recorded, when it has done all that it does before the answer.</summary>
    public Record NextRecord()
    {
        var record = Metadata.ExpectMsg<Record>();
        Settle();
        return record;
    }

    /// <summary>Says that it is recorded.</summary>
    public void Answer(Record record, bool clean = false)
    {
        Assert.Equal(Actor, record.ReplyTo);
        Actor.Tell(new Recorded(true, clean, [], record.For) { Ticket = record.Ticket }, Metadata.Ref);
    }

    /// <summary>What was to be written to the array's legs is written.</summary>
    public void SettleLegs() => _legs.Settle(Sysfs, Name);

    /// <summary>The actor ends.</summary>
    public void Stop()
    {
        Actor.Tell(PoisonPill.Instance);
        Settle();
    }

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        _legs.Dispose();
        Sysfs.Dispose();
    }
}
