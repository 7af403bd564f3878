using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmRules;
using Akka.Actor;
using Akka.TestKit;
using Xunit;
using Record = ActorRaid.Actors.Record;

namespace ActorRaid.Tests.Actors;

/// <summary>A leg whose loss is recorded is told, once, whatever becomes of it and of its array in the meantime.</summary>
public sealed class LostLegTests
{
    private static readonly LegChange Failed = new(0, 1, LegState.Faulty);

    /// <summary>What may happen while the failure of a leg waits to be recorded: in every order.</summary>
    public static TheoryData<string> Orders
    {
        get
        {
            var orders = new TheoryData<string>();
            foreach (var order in Permutations("gone", "scan", "look", "answer"))
            {
                orders.Add(order);
            }

            foreach (var order in Permutations("removed", "again", "look", "answer"))
            {
                orders.Add(order);
            }

            foreach (var end in new[] { "raid0", "stopped", "raid0 gone scan", "gone scan raid0", "gone stopped" })
            {
                orders.Add(end);
                orders.Add($"look {end}");
            }

            return orders;
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public void A_loss_that_is_recorded_is_told_once_in_whichever_order_md_goes_on(string order)
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Look();
        List<Record> recorded = [rig.NextRecord()];
        var waiting = new Queue<Record>(recorded);
        foreach (var event_ in order.Split(' '))
        {
            Happen(rig, event_, waiting);
            recorded.AddRange(Asked(rig, waiting));
        }

        while (waiting.TryDequeue(out var record))
        {
            rig.Answer(record);
            recorded.AddRange(Asked(rig, waiting));
        }

        Assert.Contains(recorded, record => record.Changes.Contains(Failed));
        var tells = Assert.Single(recorded, record => !record.Lost.IsEmpty);
        Assert.Equal(new LostLeg(MemberArrayRig.Name, 1, "sdb", false, true), Assert.Single(tells.Lost));
        Assert.Contains(Failed, tells.Changes);
    }

    [Fact]
    public void A_leg_that_comes_into_the_slot_meanwhile_is_not_dropped_for_the_one_before()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Look();
        var record = rig.NextRecord();
        Remove(rig);
        rig.Joins("sdd", number: 3, slot: 1);
        rig.Actor.Tell(new LegsMayHaveChanged(false), rig.Container.Ref);
        rig.Settle();
        rig.Answer(record);
        rig.LookIsOver();
        rig.SettleLegs();
        Assert.Equal("spare", rig.Sysfs.Text(MemberArrayRig.Name, "dev-sdd/state"));
        Assert.Equal("sdb", Assert.Single(record.Lost).Disk);
    }

    [Fact]
    public void The_metadata_tells_of_it_when_it_is_recorded_though_nobody_waits_for_the_answer()
    {
        using var rig = new MetadataRig(Build.Container(disks: 3).Volume(level: 5, disks: 3));
        LostLeg[] lost = [new("md126", 1, "sdb", false, true), new("md126", 2, "sdc", true, false)];
        foreach (var leg in lost)
        {
            var change = new LegChange(0, leg.Slot, LegState.Faulty);
            rig.Metadata.Tell(new Record(ActorRefs.Nobody, [change]) { Lost = [leg] });
        }

        rig.Flush();
        rig.Settle();
        Assert.Equal(2, rig.Told.Count("leg-failed"));
        var told = $"{rig.Told}";
        Assert.Contains("sdb in slot 1 of md126 is faulty, recorded\n", told, StringComparison.Ordinal);
        const string left = "sdc in slot 2 of md126 is faulty, recorded; its disk is not in the container any more";
        Assert.Contains(left, told, StringComparison.Ordinal);
        Assert.Equal([true, false, false], rig.OnDisk().Volumes[0].Legs.Select(leg => leg.InSync));
    }

    [Fact]
    public void It_is_told_before_the_answer_after_which_the_leg_may_be_removed()
    {
        using var rig = new MetadataRig(Build.Container(disks: 3).Volume(level: 5, disks: 3));
        var array = rig.CreateTestProbe();
        var toldBefore = false;
        array.SetAutoPilot(new DelegateAutoPilot((_, _) =>
        {
            toldBefore = rig.Told.Has("leg-failed");
            return AutoPilot.KeepRunning;
        }));
        rig.Metadata.Tell(new Record(array.Ref, [Failed]) { Lost = [new LostLeg("md126", 1, "sdb", false, true)] });
        array.ExpectMsg<Recorded>();
        Assert.True(toldBefore);
    }

    private static void Happen(MemberArrayRig rig, string what, Queue<Record> waiting)
    {
        switch (what)
        {
            case "gone":
                Remove(rig);
                break;
            case "scan":
                rig.Actor.Tell(new LegsMayHaveChanged(false), rig.Container.Ref);
                break;
            case "removed":
                // md has no such leg any more; its directory goes a little later.
                rig.Sysfs.Put(MemberArrayRig.Name, "dev-sdb/slot", "none\n");
                rig.Actor.Tell(new LegRemoved(1, "sdb"));
                break;
            case "again":
                rig.Actor.Tell(new LookOnceMore());
                break;
            case "look":
                rig.Look();
                break;
            case "answer" when waiting.TryDequeue(out var record):
                rig.Answer(record);
                break;
            case "raid0":
                rig.Actor.Tell(new NeedsNobody(), rig.Container.Ref);
                break;
            case "stopped":
                rig.Md.State.Text = "inactive";
                rig.Look();
                break;
        }

        rig.Settle();
    }

    private static List<Record> Asked(MemberArrayRig rig, Queue<Record> waiting)
    {
        var asked = new List<Record>();
        while (rig.Metadata.HasMessages)
        {
            if (rig.Metadata.ReceiveOne(TimeSpan.Zero) is Record record)
            {
                asked.Add(record);
                waiting.Enqueue(record);
            }
        }

        return asked;
    }

    private static void Remove(MemberArrayRig rig)
    {
        if (Directory.Exists(rig.Sysfs.PathOf(MemberArrayRig.Name, "dev-sdb")))
        {
            Directory.Delete(rig.Sysfs.PathOf(MemberArrayRig.Name, "dev-sdb"), recursive: true);
        }
    }

    private static IEnumerable<string> Permutations(params string[] of) => of.Length < 2
        ? of
        : from first in of
          from rest in Permutations([.. of.Where(other => other != first)])
          select $"{first} {rest}";
}
