using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Failure: limits, and what becomes of siblings and children.</summary>
public sealed class SupervisedFamilyTests : RuntimeTest
{
    [Fact]
    public void More_restarts_than_allowed_stop_the_child()
    {
        var probe = NewProbe();
        var child = ChildOf(new OneForOneStrategy(2, TimeSpan.FromHours(1), _ => Directive.Restart), Telling(probe));
        for (var i = 0; i < 3; i++)
        {
            child.Tell(new InvalidOperationException("fails"));
        }

        child.Tell("after");

        probe.Expect("stopped 1", "stopped 2", "stopped 3");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void Restarts_count_only_within_the_time_range()
    {
        var probe = NewProbe();
        var child = ChildOf(new OneForOneStrategy(1, TimeSpan.FromMilliseconds(1), _ => Directive.Restart), Telling(probe));
        for (var i = 1; i <= 4; i++)
        {
            child.Tell(new InvalidOperationException("fails"));
            child.Tell("still there");
            probe.Expect($"stopped {i}", $"still there at {i + 1}");
            Thread.Sleep(50);
        }
    }

    [Fact]
    public void One_for_one_leaves_the_siblings_alone()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script { Supervise = new OneForOneStrategy(_ => Directive.Restart) }.Props);
        var (first, second) = (Child(parent, Telling(probe)), Child(parent, Telling(probe)));
        first.Tell(new InvalidOperationException("fails"));
        probe.Expect("stopped 1");
        second.Tell("sibling");

        probe.Expect("sibling at 1");
    }

    [Fact]
    public void All_for_one_restarts_the_siblings_too_and_keeps_their_mailboxes()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var decided = new ManualResetEventSlim();
        var parent = System.ActorOf(new Script
        {
            Report = probe.Ref,
            Supervise = new AllForOneStrategy(_ =>
            {
                decided.Set();
                return Directive.Restart;
            }),
        }.Props);
        var (first, second) = (Child(parent, new Script()), Child(parent, Telling(probe)));
        second.Tell((Action<Player>)(_ => gate.Wait()));
        second.Tell("kept");
        first.Tell(new InvalidOperationException("fails"));
        Assert.True(decided.Wait(Limit));
        parent.Tell("the failure has been dealt with");
        probe.Expect("the failure has been dealt with");
        gate.Set();

        probe.Expect("stopped 1", "kept at 2");
    }

    [Fact]
    public void All_for_one_stops_all()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script { Supervise = new AllForOneStrategy(_ => Directive.Stop) }.Props);
        var (first, second) = (Child(parent, new Script()), Child(parent, Telling(probe)));
        first.Tell(new InvalidOperationException("fails"));

        probe.Expect("stopped 1");
        Watch(second, probe);
        probe.Next<Gone>();
    }

    [Fact]
    public void A_restarted_parent_stops_its_children_and_waits_for_them_before_it_starts_again()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script
        {
            OnStop = _ => probe.Ref.Tell("parent stopped"),
            OnStart = me => probe.Ref.Tell($"parent start {me.Instance}, children {me.Cell.GetChildren().Count()}"),
        }.Props);
        var gate = new ManualResetEventSlim();
        var child = Child(parent, new Script { OnStop = _ => probe.Ref.Tell("child stopped") }, "child");
        child.Tell((Action<Player>)(_ => gate.Wait()));
        parent.Tell(new InvalidOperationException("fails"));
        probe.Expect("parent start 1, children 0", "parent stopped");
        gate.Set();

        probe.Expect("child stopped", "parent start 2, children 0");
        Child(parent, new Script(), "child").Tell("the name is free again");
    }

    [Fact]
    public void Children_that_PreRestart_keeps_are_restarted_with_their_parent()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script { KeepChildren = true }.Props);
        var child = Child(parent, Telling(probe));
        parent.Tell(new InvalidOperationException("fails"));
        probe.Expect("stopped 1");
        child.Tell("same reference");

        probe.Expect("same reference at 2");
    }

    [Fact]
    public void The_children_of_a_failed_actor_are_suspended_until_its_supervisor_has_decided()
    {
        var probe = NewProbe();
        var deciding = new ManualResetEventSlim();
        var decide = new ManualResetEventSlim();
        var top = System.ActorOf(new Script
        {
            Supervise = new OneForOneStrategy(_ =>
            {
                deciding.Set();
                decide.Wait();
                return Directive.Resume;
            }),
        }.Props);
        var middle = Child(top, new Script());
        var leaf = Child(middle, Telling(probe));
        middle.Tell(new InvalidOperationException("fails"));
        Assert.True(deciding.Wait(Limit));
        leaf.Tell("meanwhile");
        probe.ExpectNothingFor(TimeSpan.FromMilliseconds(200));
        decide.Set();

        probe.Expect("meanwhile at 1");
    }

    [Fact]
    public void Props_may_replace_the_strategy_of_the_class()
    {
        var probe = NewProbe();
        var props = new Script { Supervise = new OneForOneStrategy(_ => Directive.Resume) }.Props
            .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Stop));
        var child = Child(System.ActorOf(props), Telling(probe));
        child.Tell(new InvalidOperationException("fails"));

        probe.Expect("stopped 1");
    }
}
