using System.Collections.Immutable;
using System.Text;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Examine;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.ImsmFormat;
using ActorRaid.Tests.ImsmUpdates;
using Xunit;
using Plan = ActorRaid.Metadata.Commit.Commit;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>
/// A container from whatever disks: it is refused with a reason, or everything that happens in a container's life
/// happens to it, and each commit of what comes of that can be started and comes to an end.
/// </summary>
internal sealed class OddLife
{
    private static readonly ulong[] Positions = [0, 1, 4096, 1 << 20, uint.MaxValue, 1ul << 50, ulong.MaxValue - 1, ulong.MaxValue];
    private readonly Random _random;
    private readonly ImmutableArray<DiskSource> _disks;
    private readonly StringBuilder _steps = new();
    private ImsmContainer _container;

    private OddLife(ImsmContainer container, ImmutableArray<DiskSource> disks, Random random) =>
        (_container, _disks, _random) = (container, disks, random);

    /// <summary>Lives it. True when the disks were a container.</summary>
    public static bool Of(ImmutableArray<DiskSource> disks, Random random)
    {
        if (random.Next(16) == 0)
        {
            Assert.Equal(disks.Length, RepairPlan.For(disks).Steps.Length);
            Assert.NotEmpty(ImsmReport.From(disks[random.Next(disks.Length)]).ToText());
        }

        var (container, verdicts, refusal) = ImsmLoader.Load(disks);
        Assert.Equal(disks.Length, verdicts.Length);
        if (container is null)
        {
            Assert.False(string.IsNullOrEmpty(refusal));
            return false;
        }

        var life = new OddLife(container, disks, random);
        try
        {
            for (var commits = random.Next(1, 3); commits > 0; commits--)
            {
                life.Live();
            }
        }
        catch (Exception problem)
        {
            Assert.Fail($"after{life._steps}: {problem}");
        }

        return true;
    }

    private void Live()
    {
        var before = _container;
        for (var steps = _random.Next(4); steps > 0; steps--)
        {
            Step();
        }

        foreach (var volume in _container.Volumes)
        {
            Assert.NotEmpty(volume.Legs);
        }

        Assert.Equal(_container.Present.Length, _container.Disks.Length);
        _steps.Append(" commit");
        _container = _container.NextGeneration();
        Assert.Null(OddContent.In(_container.Super));
        Commit(before, _container);
    }

    private static void Commit(ImsmContainer before, ImsmContainer after)
    {
        var targets = ImmutableArray.CreateBuilder<CommitTarget>();
        foreach (var disk in after.Present)
        {
            if (after.Sectors(disk.Device) is not { } image)
            {
                continue;
            }

            if (targets.Count == 0)
            {
                Assert.Null(ImsmPlacement.Read(WithLast(image), image.SectorSize).Error);
            }

            targets.Add(CommitTarget.For(disk.Device, before.Sectors(disk.Device), image, atomicBytes: 512));
        }

        var plan = Plan.Begin(before, after, targets.ToImmutable());
        while (!plan.IsFinished)
        {
            var startable = plan.Startable;
            Assert.False(startable.IsEmpty && plan.InFlight.IsEmpty, "the commit is stuck");
            plan = startable.IsEmpty ? plan.Written(plan.InFlight[0]) : plan.Started(startable[0].Device);
        }

        Assert.True(plan.IsRecorded, "the commit has ended and is not recorded");
    }

    // An image without the last sector ends with the anchor.
    private static byte[] WithLast(DiskImage image) =>
        image.AnchorOffset + image.SectorSize == image.Bytes.Length
            ? [.. image.Bytes.Span, .. new byte[image.SectorSize]]
            : image.Bytes.ToArray();

    private void Step()
    {
        var volume = _random.Next(-1, _container.Super.Devs.Length + 1);
        var slot = _random.Next(-1, 5);
        var what = _random.Next(16);
        _steps.Append($" {what}({volume},{slot})");
        _container = what switch
        {
            0 or 1 => (ImsmContainer)_container.SetArrayState(volume, (Consistency)_random.Next(3), Facts()).Model,
            2 or 3 => _container.SetLeg(volume, slot, (LegState)_random.Next(4)),
            4 or 5 => PlanSpare(volume),
            6 => _container.RemoveDisk(Device()),
            7 => _container.AddDisk(Source()),
            8 => _container.RecordBadBlock(volume, slot, Position(), _random.Next(-1, 700)) ?? _container,
            9 => _container.KeepBadBlocks(volume, slot, [.. _container.BadBlocks(volume, slot).Skip(1), new BadBlock(8, 8)]),
            10 => _container.CancelReshape(volume),
            11 => _container.PlaceNewLegs(volume, [new LegFact(slot, Device()), new LegFact(slot + 1, Device())]),
            12 => _container.NextGeneration(),
            _ => Update(volume),
        };
    }

    private ImsmContainer PlanSpare(int volume)
    {
        var facts = volume >= 0 && volume < _container.Super.Devs.Length && _random.Next(4) != 0
            ? Build.Legs(_container, volume)
            : new SpareFacts([.. Enumerable.Range(0, _random.Next(4)).Select(_ => new LegFact(_random.Next(6), Device()))]);
        var plan = _container.PlanSpare(volume, facts);
        return plan.Update is { } update ? _container.Process(update) : _container;
    }

    private ImsmContainer Update(int volume)
    {
        var bytes = Message(volume);
        for (var changes = _random.Next(4) - 2; changes > 0; changes--)
        {
            bytes[_random.Next(bytes.Length)] = (byte)_random.Next(_random.Next(2) == 0 ? 4 : 256);
        }

        var result = _container.Prepare(bytes);
        Assert.True(result.Update is null != result.Refusal is null);
        return result.Update is { } update ? _container.Process(update) : _container;
    }

    private byte[] Message(int volume)
    {
        var (members, devs) = (_container.Super.Disks.Length, _container.Super.Devs);
        switch (_random.Next(13))
        {
            case 0:
                var legs = _random.Next(1, 6);
                var end = devs.IsEmpty ? 0 : devs.Max(dev => Math.Min(dev.Map.PbaOfLba0 + dev.Map.PerMemberSectors(), 1ul << 40));
                var dev = Sample.Volume($"new{devs.Length}", new[] { 0, 1, 5, 10 }[_random.Next(4)], legs, perMember: 20480, first: end + 8192);
                var serials = _container.Present.Select(disk => disk.OwnSerial.ToString()).Concat(Enumerable.Repeat("none", 5));
                return ImsmUpdateMessages.CreateArray(devs.Length, dev, [.. serials.Skip(_random.Next(2)).Take(legs)]);
            case 1:
                return ImsmUpdateMessages.KillArray(volume);
            case 2:
                return ImsmUpdateMessages.RenameArray(volume, $"n{_random.Next(3)}");
            case 3 or 4:
                var added = _random.Next(1, 3);
                return ImsmUpdateMessages.ReshapeContainer(members, members + added, [.. Enumerable.Range(0, added).Select(_ => Spare())]);
            case 5 or 6:
                return ImsmUpdateMessages.ReshapeMigration(volume, _random.Next(-1, 6), 1 << _random.Next(10));
            case 7 or 8:
                return ImsmUpdateMessages.Takeover(volume, _random.Next(2));
            case 9:
                return ImsmUpdateMessages.Checkpoint(Position());
            case 10:
                return ImsmUpdateMessages.SizeChange(volume, (long)Position());
            case 11:
                return ImsmUpdateMessages.WriteHolePolicy(volume, _random.Next(7));
            default:
                var bytes = new byte[_random.Next(1, 64)];
                _random.NextBytes(bytes);
                bytes[0] = (byte)_random.Next(13);
                bytes.AsSpan(1, Math.Min(3, bytes.Length - 1)).Clear();
                return bytes;
        }
    }

    private ArrayFacts Facts() => new(
        Position(), Position(), (SyncAction)_random.Next(8), (SyncAction)_random.Next(8), _random.Next(2) == 0 ? ArrayFacts.Complete : Position());

    private ulong Position() => _random.Next(3) == 0 ? Positions[_random.Next(Positions.Length)] : (ulong)_random.Next(300_000);

    private DeviceNumber Device() => _disks[_random.Next(_disks.Length)].Device;

    private DeviceNumber Spare() => _container.Present.FirstOrDefault(disk => disk.Index == -1)?.Device ?? Device();

    private DiskSource Source()
    {
        var number = _random.Next(4);
        var known = _disks[_random.Next(_disks.Length)];
        return _random.Next(2) == 0
            ? known
            : new DiskSource(new DeviceNumber(9, number), $"new{number}", $"NEW{number}", known.Sectors << _random.Next(2), known.SectorSize, known.Tail);
    }
}
