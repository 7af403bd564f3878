using System.Collections.Concurrent;
using System.Diagnostics;
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

    /// <summary>After so many looks with pings between them nothing more comes by itself.</summary>
    private const int Unmoved = 10;

    private static readonly TimeSpan AnswerFirst = TimeSpan.FromSeconds(0.5), AnswerAtMost = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    /// <summary>So much time passes between two looks; and so much in each life, for what is done each second.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50), Tick = TimeSpan.FromSeconds(1);

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
            // What is there to be done may depend on which thread is faster.
            var hasFailed = Enumerable.Range(0, 5).Any(_ => Live(actor, message).HasFailed);
            Assert.True(hasFailed, $"{message.Name} did not come again");
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
                Answered(rig, rig.Raid.Describe(TimeSpan.FromMilliseconds(100)), AnswerFirst);
                rig.Pass(Step);
            }

            Assert.InRange(failures, 1, 200);
        }
        finally
        {
            RaidActor.BeforeMessage = null;
        }
    }

    [Fact]
    public void A_lost_leg_is_told_once_though_the_arrays_actor_fails_when_that_is_recorded()
    {
        using var rig = new DiskRig();
        var failures = 0;
        rig.Supervise();
        rig.WriteGoesThrough();
        RaidActor.BeforeMessage = (context, message) =>
        {
            if (context.System == rig.System && context.Props.Type == typeof(MemberArrayActor) && message is Recorded
                && Interlocked.Exchange(ref failures, 1) == 0)
            {
                throw new InvalidOperationException("the test wants it");
            }
        };
        try
        {
            rig.Md.Legs[2].Text = "faulty,blocked";
            rig.Eventually(() => rig.Md.Legs[2].Text == "remove", "the leg is removed");
        }
        finally
        {
            RaidActor.BeforeMessage = null;
        }

        Assert.True(rig.Told.Has("array-actor-restarted"));
        Assert.Equal(1, rig.Told.Count("leg-failed"));
    }

    /// <summary>A container's life, in which an actor of that type fails at the first message of that type.</summary>
    /// <returns>The types of the messages that actors of that type got, and whether one has failed.</returns>
    private static (IReadOnlyCollection<Type> Met, bool HasFailed) Live(Type actor, Type? failsAt)
    {
        using var rig = new DiskRig(Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3), without: Spare);
        var (system, met, failed) = (rig.System, new ConcurrentDictionary<Type, bool>(), 0);
        var untrue = new ConcurrentQueue<string>();
        rig.Told.Seen = e =>
        {
            // Who tells it stands still as long as this takes: what is durable is what was recorded before it was told.
            if (e.Kind == "array-whole" && rig.CopyOn("sda", "sdb", Spare)?.Volumes[0].Legs is { } legs
                && !legs.All(leg => leg.InSync))
            {
                untrue.Enqueue($"{e.Text}, but the disks have {string.Join(", ", legs)}");
            }
        };
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

        Assert.True(
            untrue.IsEmpty, $"{actor.Name} fails at {failsAt?.Name ?? "nothing"}: {string.Join("; ", untrue)}\n{rig.Told}");
        // One that begins everything anew does not know what was told.
        var tells = rig.Told.Count("leg-failed");
        var beginsAnew = actor == typeof(HostActor) || actor == typeof(ContainerActor) || actor == typeof(MetadataActor);
        Assert.True(
            tells == 1 || (tells > 1 && beginsAnew),
            $"{actor.Name} fails at {failsAt?.Name ?? "nothing"}: a lost leg was told {tells} times\n{rig.Told}");
        return ([.. met.Keys], failed == 1);
    }

    private static void Life(DiskRig rig, string when, bool withSpare)
    {
        Retry(
            rig, limit => IsSupervised(Answered(rig, rig.Raid.Supervise(DiskRig.Container), limit)), when + "taken up");
        Retry(rig, _ => rig.Ping(), when + "a ping is answered");
        WriteGoesThrough(rig, when + "the first write");
        rig.Pass(Tick);
        rig.Md.Legs[2].Text = "faulty,blocked";
        rig.Eventually(() => rig.Md.Legs[2].Text == "remove", when + "the leg is removed");
        rig.RemoveLeg("sdc");
        Retry(rig, _ => rig.Ping(), when + "a ping is answered after the failure");
        Assert.False(rig.CopyOn("sda")!.Volumes[0].Legs[2].InSync, when + "the failure is recorded");
        if (withSpare)
        {
            SpareTakesItsPlace(rig, when);
        }

        Retry(
            rig,
            limit => Answered(rig, rig.Raid.Describe(limit), limit)?.Containers is
                [{ Health: ContainerHealth.Answers }],
            when + "the status is told");
        Retry(rig, limit => Pause(rig, limit), when + "it comes to rest");
        Retry(
            rig,
            limit => Answered(rig, rig.Raid.AskForRest(DiskRig.Container), limit) is RestAnswer || Pause(rig, limit),
            when + "it is at rest");
        Retry(rig, limit => Answered(rig, Resumed(rig), limit), when + "it goes on");
        WriteGoesThrough(rig, when + "a write after the rest");
        Retry(rig, limit => Answered(rig, rig.Raid.Stop(limit), limit), when + "it is left");
    }

    /// <summary>
    /// md is played: what was removed is as before, and what is thawed with a leg to rebuild is rebuilt. The real one does
    /// that before the word is written. This one does it when nothing has moved for a while: else it would take apart
    /// what the next attempt has made since, and that one would be given up, and so on.
    /// </summary>
    private static void SpareTakesItsPlace(DiskRig rig, string when)
    {
        rig.Sysfs.Put(DiskRig.Array, "new_dev", "");
        Free(rig);
        rig.Join(Spare);
        var (last, unmoved) = (("", "", ""), 0);
        rig.Eventually(
            () =>
            {
                var seen = (Attribute(rig, "slot"), rig.Md.Action.Text, Attribute(rig, "state"));
                unmoved = seen == last ? unmoved + 1 : 0;
                last = seen;
                if (unmoved >= Unmoved && seen is (_, "idle", _))
                {
                    unmoved = 0;
                    Md(rig, seen.Item1, seen.Item3);
                }

                return rig.Md.Action.Text == "recover";
            },
            when + "the recovery begins");
        LegInfo? leg = null;
        rig.Eventually(() => (leg = LegOf(rig)) is not null, when + "what is being written can be read");
        Assert.Equal((Build.Device(3), false), (leg!.Device, leg.InSync));
        Retry(rig, _ => rig.Ping(), when + "a ping is answered during the recovery");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/recovery_start", "none\n");
        rig.Sysfs.Put(DiskRig.Array, $"dev-{Spare}/state", "in_sync\n");
        rig.Md.Action.Text = "idle";
        rig.Eventually(() => LegOf(rig) is { InSync: true }, when + "the volume is whole");

        // No step was lost until its time limit, which passes fast here.
        Assert.DoesNotContain("has taken", $"{rig.Told}", StringComparison.Ordinal);
    }

    private static void Md(DiskRig rig, string slot, string state)
    {
        if (state.StartsWith("remove", StringComparison.Ordinal))
        {
            // It may have been taken for a leg since.
            Free(rig);
            Directory.Delete(rig.Sysfs.PathOf(DiskRig.Container, $"dev-{Spare}"), recursive: true);
            rig.Ping();
            rig.Join(Spare);
        }
        else if (slot.Length > 0)
        {
            rig.Md.Action.Text = "recover";
        }
    }

    /// <summary>Null: it is just being written.</summary>
    private static LegInfo? LegOf(DiskRig rig) => rig.CopyOn("sda", "sdb", Spare)?.Volumes[0].Legs[2];

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

    private static bool IsSupervised(SuperviseReply? reply) =>
        reply is { Outcome: SuperviseOutcome.Supervised or SuperviseOutcome.AlreadySupervised };

    private static bool Pause(DiskRig rig, TimeSpan limit)
    {
        if (Answered(rig, rig.Raid.Pause(DiskRig.Container, limit), limit) is ContainerPaused)
        {
            return true;
        }

        Answered(rig, Resumed(rig), limit);
        return false;
    }

    private static Task<bool> Resumed(DiskRig rig) => rig.Raid.Resume(DiskRig.Container).ContinueWith(resumed => resumed.IsCompletedSuccessfully);

    private static void WriteGoesThrough(DiskRig rig, string what)
    {
        rig.Md.State.Text = "write-pending";
        rig.Eventually(() => rig.Md.State.Text == "active", what);
        rig.Md.State.Text = "clean";
        Retry(rig, _ => rig.Ping(), what + ": a ping is answered");
    }

    /// <summary>The answer, or nothing in time. Meanwhile time passes: who does not answer may have a limit.</summary>
    private static T? Answered<T>(DiskRig rig, Task<T> task, TimeSpan limit)
    {
        try
        {
            for (var since = Stopwatch.GetTimestamp(); !task.Wait(Look); rig.Pass(Step))
            {
                if (Stopwatch.GetElapsedTime(since) >= limit)
                {
                    return default;
                }
            }

            return task.Result;
        }
        catch (AggregateException)
        {
            return default;
        }
    }

    /// <summary>
    /// Until it is done. What was asked may be lost with an actor that fails: the first answer is waited for least.
    /// </summary>
    private static void Retry(DiskRig rig, Func<TimeSpan, bool> act, string what)
    {
        var limit = AnswerFirst / 2;
        rig.Until(() => act(limit = limit < AnswerAtMost ? 2 * limit : limit), what, Step);
    }
}
