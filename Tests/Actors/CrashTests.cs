using System.Collections.Concurrent;
using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// Each actor fails at each kind of message that it gets in a container's life; whatever that is, the work is done in
/// the end: a first write goes through, a leg that fails is let go and removed, a spare takes its place, pings, questions
/// and a handoff are answered, and the farewell ends.
/// </summary>
[Collection(BeforeMessages)]
public sealed class CrashTests
{
    /// <summary>Tests that set <see cref="RaidActor.BeforeMessage"/>, which there is once: one at a time.</summary>
    public const string BeforeMessages = "before messages";

    private const string Spare = "sdd";
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(3);

    private static readonly Type[] SpareActors =
    [
        typeof(ContainerActor), typeof(MetadataActor), typeof(MemberArrayActor), typeof(DiskActor),
        typeof(ArrayWriterActor),
    ];

    [Theory]
    [InlineData(typeof(HostActor))]
    [InlineData(typeof(ContainerActor))]
    [InlineData(typeof(MetadataActor))]
    [InlineData(typeof(MemberArrayActor))]
    [InlineData(typeof(DiskActor))]
    [InlineData(typeof(ArrayWriterActor))]
    [InlineData(typeof(BarrierActor))]
    [InlineData(typeof(PauseActor))]
    [InlineData(typeof(FarewellActor))]
    [InlineData(typeof(StatusActor))]
    public void Whatever_message_an_actor_fails_at_the_work_is_done(Type actor)
    {
        var met = Live(actor, null).Met;
        Assert.NotEmpty(met);
        foreach (var message in met)
        {
            // A tick of the clock does not come in each life.
            var hasFailed = Enumerable.Range(0, 5).Any(_ => Live(actor, message).HasFailed);
            Assert.True(hasFailed || message.Name == "TimerMessage", $"{message.Name} did not come again");
        }
    }

    [Fact]
    public void An_actor_that_fails_at_everything_is_no_reason_to_fail_again_and_again_without_end()
    {
        using var rig = new DiskRig();
        var failures = 0;
        RaidActor.BeforeMessage = (context, message) =>
        {
            if (context.System == rig.System && context.Props.Type == typeof(DiskActor))
            {
                Interlocked.Increment(ref failures);
                throw new InvalidOperationException("the test wants it");
            }
        };
        try
        {
            rig.Supervise();
            rig.WriteGoesThrough();
            for (var i = 0; i < 20; i++)
            {
                Answered(rig.Raid.Describe(TimeSpan.FromMilliseconds(100)));
            }

            Assert.InRange(failures, 1, 200);
        }
        finally
        {
            RaidActor.BeforeMessage = null;
        }
    }

    /// <summary>A container's life, in which an actor of that type fails at the first message of that type.</summary>
    /// <returns>The types of the messages that actors of that type got, and whether one has failed.</returns>
    private static (IReadOnlyCollection<Type> Met, bool HasFailed) Live(Type actor, Type? failsAt)
    {
        using var rig = new DiskRig(Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3), without: Spare);
        var (system, met, failed) = (rig.System, new ConcurrentDictionary<Type, bool>(), 0);
        RaidActor.BeforeMessage = (context, message) =>
        {
            if (context.System != system || context.Props.Type != actor)
            {
                return;
            }

            met[message.GetType()] = true;
            if (message.GetType() == failsAt && Interlocked.Exchange(ref failed, 1) == 0)
            {
                throw new InvalidOperationException($"the test wants it to fail at {failsAt.Name}");
            }
        };
        try
        {
            Life(rig, $"{actor.Name} fails at {failsAt?.Name ?? "nothing"}: ", withSpare: SpareActors.Contains(actor));
        }
        finally
        {
            RaidActor.BeforeMessage = null;
        }

        return ([.. met.Keys], failed == 1);
    }

    private static void Life(DiskRig rig, string when, bool withSpare)
    {
        Retry(() => Answered(rig.Raid.Supervise(DiskRig.Container)) is { Outcome: SuperviseOutcome.Supervised or SuperviseOutcome.AlreadySupervised }, when + "taken up");
        Retry(rig.Ping, when + "a ping is answered");
        WriteGoesThrough(rig, when + "the first write");
        rig.Md.Legs[2].Text = "faulty,blocked";
        rig.Eventually(() => rig.Md.Legs[2].Text == "remove", when + "the leg is removed");
        rig.RemoveLeg("sdc");
        Retry(rig.Ping, when + "a ping is answered after the failure");
        Assert.False(rig.CopyOn("sda")!.Volumes[0].Legs[2].InSync, when + "the failure is recorded");
        if (withSpare)
        {
            SpareTakesItsPlace(rig, when);
        }

        Retry(() => Answered(rig.Raid.Describe(Short))?.Containers is [{ Health: ContainerHealth.Answers }], when + "the status is told");
        Retry(() => Pause(rig), when + "it comes to rest");
        Retry(() => Answered(rig.Raid.AskForRest(DiskRig.Container)) is RestAnswer || Pause(rig), when + "it is at rest");
        Retry(() => Answered(Resumed(rig)), when + "it goes on");
        WriteGoesThrough(rig, when + "a write after the rest");
        Retry(() => Answered(rig.Raid.Stop(Short)), when + "it is left");
    }

    /// <summary>
    /// md is played: what was removed is as before, and what is thawed with a leg to rebuild is rebuilt.
    /// </summary>
    private static void SpareTakesItsPlace(DiskRig rig, string when)
    {
        rig.Sysfs.Put(DiskRig.Array, "new_dev", "");
        Free(rig);
        rig.Join(Spare);
        rig.Eventually(
            () =>
            {
                if (Attribute(rig, "state").StartsWith("remove", StringComparison.Ordinal))
                {
                    // md would have been faster; and so it may have been taken for a leg since.
                    Free(rig);
                    Directory.Delete(rig.Sysfs.PathOf(DiskRig.Container, $"dev-{Spare}"), recursive: true);
                    rig.Ping();
                    rig.Join(Spare);
                }
                else if (rig.Md.Action.Text == "idle" && Attribute(rig, "slot").Length > 0)
                {
                    rig.Md.Action.Text = "recover";
                }

                return rig.Md.Action.Text == "recover";
            },
            when + "the recovery begins");
        Assert.Equal((Build.Device(3), false), (LegOf(rig).Device, LegOf(rig).InSync));
        Retry(rig.Ping, when + "a ping is answered during the recovery");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/recovery_start", "none\n");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/state", "in_sync\n");
        rig.Md.Action.Text = "idle";
        rig.Eventually(() => LegOf(rig).InSync, when + "the volume is whole");
    }

    private static LegInfo LegOf(DiskRig rig) => rig.CopyOn("sda", "sdb", Spare)!.Volumes[0].Legs[2];

    private static void Free(DiskRig rig)
    {
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/slot", "");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/offset", "");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/size", "");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/recovery_start", "0\n");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/block/dev", "8:48\n");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/state", "spare\n");
    }

    private static string Attribute(DiskRig rig, string name) => rig.Sysfs.Text(DiskRig.Array, $"dev-{Spare}/{name}");

    private static bool Pause(DiskRig rig)
    {
        if (Answered(rig.Raid.Pause(DiskRig.Container, Short)) is ContainerPaused)
        {
            return true;
        }

        Answered(Resumed(rig));
        return false;
    }

    private static Task<bool> Resumed(DiskRig rig) => rig.Raid.Resume(DiskRig.Container).ContinueWith(resumed => resumed.IsCompletedSuccessfully);

    private static void WriteGoesThrough(DiskRig rig, string what)
    {
        rig.Md.State.Text = "write-pending";
        rig.Eventually(() => rig.Md.State.Text == "active", what);
        rig.Md.State.Text = "clean";
        Retry(rig.Ping, what + ": a ping is answered");
    }

    /// <summary>The answer, or nothing in time.</summary>
    private static T? Answered<T>(Task<T> task)
    {
        try
        {
            return task.Wait(Short) ? task.Result : default;
        }
        catch (AggregateException)
        {
            return default;
        }
    }

    private static void Retry(Func<bool> act, string what)
    {
        for (var i = 0; i < 5; i++)
        {
            if (act())
            {
                return;
            }

            Thread.Sleep(200);
        }

        Assert.Fail(what);
    }
}
