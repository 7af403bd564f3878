using System.Net;
using System.Text.Json;
using ActorRaid.Gateway.Feed;
using ActorRaid.Reporting;
using Xunit;

namespace ActorRaid.Tests.Gateway;

/// <summary>The gateway and its daemon: what is told, and what is when nobody tells anything any more.</summary>
[Trait("Area", "Gateway")]
public sealed class FeedTests
{
    [Fact]
    public async Task What_the_daemon_tells_is_what_clients_get_and_no_request_makes_a_question()
    {
        await using var rig = await GatewayRig.Start();
        await GatewayRig.Until(() => rig.Daemon.Asked.Count == 2, "a watch and a follow are open");
        Assert.Equal(["watch", "follow"], rig.Daemon.Asked.Select(request => request.Ask));
        var told = Told.Rebuilding(0.43);
        rig.Daemon.Tell(told);
        await GatewayRig.Until(() => rig.Bulletin.Now.Status!.Health == Health.Rebuilding, "the change is known");
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(JsonSerializer.Serialize(told, StatusJson.Default.HostStatus), await rig.Client.GetStringAsync("/v1/status"));
            foreach (var path in (string[])["/", "/v1/events", "/v1/status/md126", "/metrics", "/healthz"])
                Assert.Equal(HttpStatusCode.OK, (await rig.Client.GetAsync(path)).StatusCode);
        }
        Assert.Equal(2, rig.Daemon.Asked.Count);
    }

    [Fact]
    public async Task A_name_that_fits_several_is_refused_and_nobody_chooses()
    {
        var one = Told.Healthy().Containers[0];
        var twin = one with { Name = "md200", Arrays = [one.Arrays[0] with { Name = "md199" }], Disks = [] };
        await using var rig = await GatewayRig.Start(status: Told.Healthy() with { Containers = [one, twin] });
        var volume = one.Arrays[0].VolumeName;
        foreach (var path in new[] { $"/v1/status/{volume}", $"/v1/events?about={volume}" })
        {
            var answer = await rig.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            Assert.Contains("md199", await answer.Content.ReadAsStringAsync());
        }
        Assert.Equal(HttpStatusCode.OK, (await rig.Client.GetAsync("/v1/status/md199")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await rig.Client.GetAsync("/v1/status/md1")).StatusCode);
    }

    [Fact]
    public async Task A_daemon_that_is_gone_for_a_moment_is_found_again_and_events_are_neither_lost_nor_told_twice()
    {
        await using var rig = await GatewayRig.Start();
        rig.Daemon.Happen(Told.Event("leg-failed", "one"));
        await GatewayRig.Until(() => rig.Bulletin.Now.Events.Count == 1, "the first event");
        await rig.Daemon.Stop();
        await GatewayRig.Until(() => rig.Bulletin.Now.Problem is not null, "it is noticed");
        Assert.Equal(Health.Ok, (await rig.Status()).Health);
        rig.Daemon.Happen(Told.Event("leg-failed", "two"));
        rig.Daemon.Start();
        await GatewayRig.Until(() => rig.Bulletin.Now.Events.Count == 2, "what happened meanwhile");
        await rig.Daemon.Stop();
        rig.Daemon.Start(process: 4712);
        rig.Daemon.Happen(Told.Event("started", "three"));
        await GatewayRig.Until(() => rig.Bulletin.Now.Events.Count == 3, "what the successor tells");
        Assert.Equal(["one", "two", "three"], rig.Bulletin.Now.Events.Select(seen => seen.Event.Text));
        Assert.Equal(4712, (await rig.Status()).Process);
    }

    [Fact]
    public async Task After_a_while_without_the_daemon_health_is_unknown_but_the_last_state_stays_and_has_an_age()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { UnknownAfterSeconds = 1 }, Told.Rebuilding(0.5));
        await rig.Daemon.Stop();
        await GatewayRig.Until(() => rig.Bulletin.Status!.Health == Health.Unknown, "it is unknown");
        var answer = await rig.Client.GetAsync("/v1/status");
        Assert.True(answer.Headers.Age >= TimeSpan.FromSeconds(1), $"Age: {answer.Headers.Age}");
        var status = await rig.Status();
        Assert.Contains("REBUILDING md126 50 %", status.Summary);
        Assert.Equal(Health.Unknown, status.Containers[0].Arrays[0].Health);
        Assert.Equal(0.5, status.Containers[0].Arrays[0].Progress!.Fraction);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await rig.Client.GetAsync("/healthz")).StatusCode);
        rig.Daemon.Start();
        await GatewayRig.Until(() => rig.Bulletin.Status!.Health == Health.Rebuilding, "it is known again");
        Assert.Equal(HttpStatusCode.OK, (await rig.Client.GetAsync("/healthz")).StatusCode);
    }

    [Fact]
    public void A_failure_is_not_forgotten_because_nobody_speaks_of_it()
    {
        var failed = Told.Degraded() with { Health = Health.Failed };
        var told = new Snapshot(failed, "gone", 0, []).Told(20_000, TimeSpan.FromSeconds(15))!;
        Assert.Equal(Health.Failed, told.Health);
        Assert.Equal(Health.Unknown, told.Containers[0].Health);
    }

    [Fact]
    public void Of_one_thing_the_verdict_is_its_own_and_what_nobody_confirms_is_no_better_than_unknown()
    {
        var native = Told.Healthy().Containers[0].Arrays[0] with { Name = "md0" };
        var status = Told.Degraded() with { NativeArrays = [native] };
        var limit = TimeSpan.FromSeconds(15);
        HostStatus Of(Snapshot snapshot, string name) => snapshot.Told(20_000, limit, Assert.Single(NameLookup.Find(status, name)))!;
        var heard = new Snapshot(status, null, 0, []);
        Assert.Equal((Health.Ok, "OK: 1 native array, nothing to supervise"), (Of(heard, "md0").Health, Of(heard, "md0").Summary));
        Assert.Equal((Health.Degraded, "DEGRADED md126, 2 of 3 legs"), (Of(heard, "md126").Health, Of(heard, "md126").Summary));
        Assert.Null(Of(heard, "md126").NativeArrays);
        var silent = new Snapshot(status, "gone", 0, []);
        Assert.Equal(Health.Unknown, Of(silent, "md0").Health);
        Assert.Equal(Health.Unknown, Assert.Single(Of(silent, "md0").NativeArrays!.Value).Health);
    }

    [Fact]
    public async Task A_daemon_that_takes_questions_and_answers_none_is_told_as_such()
    {
        await using var rig = await GatewayRig.Start();
        await rig.Daemon.Stop();
        rig.Daemon.Hangs = true;
        rig.Daemon.Start();
        await GatewayRig.Until(() => rig.Bulletin.Now.Problem?.Contains("has not answered for 5 s") == true, "it is noticed");
    }
}
