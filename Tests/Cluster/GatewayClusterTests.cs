using System.Diagnostics;
using System.Net;
using System.Text.Json;
using ActorRaid.Cluster;
using ActorRaid.Gateway.Cluster;
using ActorRaid.Reporting;
using ActorRaid.Tests.Gateway;
using Xunit;
using Xunit.Abstractions;

namespace ActorRaid.Tests.Cluster;

/// <summary>Real gateways with replayed daemons, a real etcd, and the commands.</summary>
public sealed class GatewayClusterTests(ITestOutputHelper output)
{
    /// <summary>
    /// Twelve gateways publish; the API of each tells of all; a daemon that is gone is told as unknown, a gateway that is gone as lost; events arrive;
    /// a host that is lost can be forgotten, one that lives cannot; exit statuses are those that scripts expect.
    /// </summary>
    [Fact]
    public async Task Each_tells_of_all()
    {
        using var servers = await EtcdServers.Start();
        var rigs = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => Rig(servers, $"web{number:D2}")));
        var config = Config(rigs[0], servers);
        try
        {
            await Until.Seconds(() => rigs.All(rig => Of(rig).Result.Summary == "12 hosts: 12 ok"), "all tell of all", found: () => Of(rigs[0]).Result.Summary);
            Assert.Equal(0, (await Run(config, "status")).Status);

            rigs[3].Daemon.Tell(Told.Rebuilding(0.5, "web03"));
            var began = Stopwatch.GetTimestamp();
            await Until.Seconds(() => rigs.All(rig => Of(rig).Result.Hosts is [{ Host: "web03", Health: Health.Rebuilding }, ..]), "a rebuild");
            output.WriteLine($"a rebuild was told by twelve gateways after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.00} s");
            Assert.Equal(1, (await Run(config, "status", "--degraded")).Status);

            rigs[4].Daemon.Happen(Told.Event("leg-failed", "sdb failed", "error"));
            await Until.Seconds(() => Run(config, "events").Result.Output.Contains("web04  error  md126 sdb: sdb failed", StringComparison.Ordinal), "the event");
            await rigs[5].Daemon.Stop();
            await Until.Seconds(() => Of(rigs[0]).Result.Hosts is [{ Host: "web05", Health: Health.Unknown, Standing: Standing.Live }, ..], "a daemon is gone");
            Assert.Equal(3, (await Run(config, "status")).Status);

            var refused = await Run(config, "forget", "web06");
            Assert.True(refused.Status == 1 && refused.Output.Contains("web06 lives", StringComparison.Ordinal), refused.Output);
            await rigs[6].DisposeAsync();
            await Until.Seconds(() => Of(rigs[0]).Result.Hosts[0] is { Host: "web06", Standing: Standing.Lost }, "a gateway is gone");
            var page = await Run(config, "status");
            Assert.Matches(@"(?m)^LOST       web06  LOST; last: OK 1 container, 1 array \(\d+ s ago\)$", page.Output);
            var full = JsonSerializer.Deserialize((await Run(config, "status", "--json")).Output, ClusterJson.Default.ClusterStatus)!;
            Assert.All(full.Hosts, host => Assert.Single(host.Status!.Containers));
            Assert.Equal((0, "web06 is forgotten\n"), await Run(config, "forget", "web06"));
            Assert.Equal(1, (await Run(config, "forget", "web06")).Status);
            await Until.Seconds(() => Of(rigs[0]).Result.Hosts.Length == 11, "it is forgotten");

            rigs[7].Daemon.Tell(Told.Healthy("web07") with { Health = Health.Failed });
            await Until.Seconds(() => Run(config, "status").Result.Status == 2, "something failed");
            var one = await rigs[0].Client.GetFromJsonHost("/v1/cluster/web07");
            Assert.Equal("vol0", one.Status!.Containers[0].Arrays[0].VolumeName);
            Assert.Equal(HttpStatusCode.NotFound, (await rigs[0].Client.GetAsync("/v1/cluster/web99")).StatusCode);

            servers.Kill(0);
            await Until.Seconds(() => Of(rigs[0]).Result.Trouble is not null, "etcd is gone, and that is told");
            Assert.Equal(11, (await Of(rigs[0])).Hosts.Length);
            Assert.Equal(3, (await Run(config, "status")).Status);
            Assert.Equal(Health.Failed, (await rigs[7].Status()).Health);
        }
        finally
        {
            foreach (var rig in rigs.Where(rig => Directory.Exists(rig.Daemon.Folder)))
                await rig.DisposeAsync();
        }
    }

    /// <summary>The stream tells first how things stand, and then each change; the command's watch does as well.</summary>
    [Fact]
    public async Task Changes_are_told()
    {
        using var servers = await EtcdServers.Start();
        await using var rig = await Rig(servers, "web1");
        using var stream = new StreamReader(await rig.Client.GetStreamAsync("/v1/cluster-stream"));
        await Line("\"summary\":\"1 host: 1 ok\"");
        using var end = new CancellationTokenSource();
        using var written = new StringWriter();
        using var access = ClusterAccess.Open(Config(rig, servers));
        var watch = ClusterCommand.Watch(access, false, false, TextWriter.Synchronized(written), end.Token);
        await Until.Seconds(() => written.ToString().Contains("1 host: 1 ok", StringComparison.Ordinal), "the watch shows it");
        rig.Daemon.Tell(Told.Degraded("web1"));
        await Line("\"summary\":\"1 host: 1 degraded\"");
        await Until.Seconds(() => written.ToString().Contains("DEGRADED   web1  DEGRADED md126", StringComparison.Ordinal), "the watch shows the change");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);

        async Task Line(string part)
        {
            while (!(await stream.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)))!.Contains(part, StringComparison.Ordinal))
            {
            }
        }
    }

    /// <summary>What is wrong in the configuration is told with its line, and what does not go together too.</summary>
    [Theory]
    [InlineData("""{ "cluster": { "endpoints": ["ftp://x"] } }""", "cluster.endpoints is")]
    [InlineData("""{ "cluster": { "endpoint": [] } }""", "\"cluster.endpoint\" is not known")]
    [InlineData("""{ "cluster": 5 }""", "\"cluster\" is not known")]
    [InlineData("""{ "cluster": { "endpoints": ["http://a:1"], "host": "a/b" } }""", "cluster.host is")]
    [InlineData("""{ "cluster": { "endpoints": ["http://a:1"], "user": "x" } }""", "go together")]
    [InlineData("""{ "cluster": { "endpoints": ["http://a:1"], "user": "x", "passwordFile": "/nowhere" } }""", "in clear")]
    [InlineData("""{ "cluster": { "endpoints": ["https://a:1"], "user": "x", "passwordFile": "/nowhere" } }""", "/nowhere: the password cannot be read")]
    [InlineData("""{ "cluster": { "endpoints": ["https://a:1"], "authorities": "/nowhere.pem" } }""", "/nowhere.pem")]
    [InlineData("""{ "cluster": { "endpoints": [] } }""", "belongs to no cluster")]
    public async Task Wrong_configurations_are_told(string json, string said)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, json);
            var (status, told) = await Run(file, "status");
            Assert.Equal(ClusterCommand.CannotTell, status);
            Assert.Contains(said, told);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task<GatewayRig> Rig(EtcdServers servers, string host) => GatewayRig.Start(
        settings => settings with
        {
            UnknownAfterSeconds = 1,
            Cluster = new ClusterSettings { Endpoints = servers.Options.Endpoints, Host = host, LeaseSeconds = 2 },
        },
        Told.Healthy(host));

    private static string Config(GatewayRig rig, EtcdServers servers)
    {
        var file = Path.Combine(rig.Daemon.Folder, "gateway.json");
        File.WriteAllText(file, $$"""{ "cluster": { "endpoints": ["{{servers.Endpoint(0).AbsoluteUri}}"] } } // comments are allowed""");
        return file;
    }

    private static async Task<ClusterStatus> Of(GatewayRig rig)
    {
        using var reply = await rig.Client.GetAsync("/v1/cluster");
        var bytes = await reply.Content.ReadAsByteArrayAsync();
        return reply.IsSuccessStatusCode
            ? JsonSerializer.Deserialize(bytes, ClusterJson.Default.ClusterStatus)!
            : new ClusterStatus(1, 0, Health.Unknown, System.Text.Encoding.UTF8.GetString(bytes), []);
    }

    // The command as its program runs it, with what it says on both ways out.
    private static async Task<(int Status, string Output)> Run(string config, params string[] arguments)
    {
        using var said = new StringWriter();
        try
        {
            using var access = ClusterAccess.Open(config);
            var status = arguments switch
            {
                ["status", .. var options] => await ClusterCommand.Status(access, options.Contains("--json"), options.Contains("--degraded"), said, CancellationToken.None),
                ["events"] => await ClusterCommand.Events(access, false, false, said, said, CancellationToken.None),
                ["forget", var host] => await ClusterCommand.Forget(access, host, said, said, CancellationToken.None),
                _ => throw new ArgumentException(string.Join(' ', arguments)),
            };
            return (status, said.ToString());
        }
        catch (Exception e) when (e is ActorRaid.Cluster.Etcd.EtcdException or InvalidDataException)
        {
            return (ClusterCommand.CannotTell, e.Message);
        }
    }
}

/// <summary>Answers of a gateway.</summary>
internal static class ClusterAnswers
{
    /// <summary>A host in full.</summary>
    internal static async Task<ClusterHost> GetFromJsonHost(this HttpClient client, string path) =>
        JsonSerializer.Deserialize(await client.GetByteArrayAsync(path), ClusterJson.Default.ClusterHost)!;
}
