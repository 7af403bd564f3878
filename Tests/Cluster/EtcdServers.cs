using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using ActorRaid.Cluster.Etcd;

namespace ActorRaid.Tests.Cluster;

/// <summary>A real etcd of some members, on loopback, with its data in a temporary directory.</summary>
internal sealed class EtcdServers : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actorraid-etcd-").FullName;
    private readonly string[] _options;
    private readonly string _scheme;
    private readonly (int Client, int Peer)[] _ports;
    private readonly Process?[] _members;

    private EtcdServers(int members, string scheme, string[] options)
    {
        _options = options;
        _scheme = scheme;
        _ports = [.. Enumerable.Range(0, members).Select(_ => (FreePort(), FreePort()))];
        _members = new Process?[members];
    }

    /// <summary>Starts them and waits until they have a leader.</summary>
    internal static async Task<EtcdServers> Start(int members = 1, string scheme = "http", params string[] options)
    {
        var servers = new EtcdServers(members, scheme, options);
        for (var member = 0; member < members; member++)
            servers.StartMember(member);
        if (scheme == "http")
            await servers.WaitReady();
        return servers;
    }

    internal Uri Endpoint(int member) => new($"{_scheme}://127.0.0.1:{_ports[member].Client}");

    internal EtcdOptions Options => new([.. Enumerable.Range(0, _members.Length).Select(Endpoint)]) { CallLimit = TimeSpan.FromSeconds(2) };

    internal void StartMember(int member)
    {
        var start = new ProcessStartInfo("etcd") { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--name", $"m{member}", "--data-dir", Path.Combine(_directory, $"m{member}"),
            "--listen-client-urls", Endpoint(member).AbsoluteUri.TrimEnd('/'), "--advertise-client-urls", Endpoint(member).AbsoluteUri.TrimEnd('/'),
            "--listen-peer-urls", Peer(member), "--initial-advertise-peer-urls", Peer(member),
            "--initial-cluster", string.Join(',', Enumerable.Range(0, _members.Length).Select(other => $"m{other}={Peer(other)}")),
            "--heartbeat-interval", "100", "--election-timeout", "1000", .. _options,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        try
        {
            var process = Process.Start(start)!;
            process.ErrorDataReceived += static (_, _) => { };
            process.OutputDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            _members[member] = process;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("etcd cannot be started: these tests need a real one: deploy/packages installs it (Debian's etcd-server)", e);
        }
    }

    /// <summary>Kills it (SIGKILL).</summary>
    internal void Kill(int member)
    {
        if (_members[member] is not { } process)
            return;
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        _members[member] = null;
    }

    /// <summary>Stops it without its connections ending (SIGSTOP), and lets it go on.</summary>
    internal void Freeze(int member, bool isFrozen)
    {
        using var kill = Process.Start("kill", [isFrozen ? "-STOP" : "-CONT", _members[member]!.Id.ToString()]);
        kill.WaitForExit();
    }

    /// <summary>Removes what it has kept. Kill it before.</summary>
    internal void Wipe(int member) => Directory.Delete(Path.Combine(_directory, $"m{member}"), recursive: true);

    /// <summary>Waits until it answers a read that goes through its leader.</summary>
    internal async Task WaitReady(int seconds = 30)
    {
        using var client = new EtcdClient(Options);
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await client.Range(new EtcdRangeRequest("x"u8.ToArray()), CancellationToken.None);
                return;
            }
            catch (EtcdException) when (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Which member leads now.</summary>
    internal async Task<int> Leader()
    {
        using var http = new HttpClient();
        for (var member = 0; member < _members.Length; member++)
        {
            if (_members[member] is null)
                continue;
            using var reply = await http.PostAsync(new Uri(Endpoint(member), "/v3/maintenance/status"), new StringContent("{}"));
            using var json = System.Text.Json.JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
            if (json.RootElement.GetProperty("leader").GetString() == json.RootElement.GetProperty("header").GetProperty("member_id").GetString())
                return member;
        }
        throw new InvalidOperationException("no member leads");
    }

    /// <summary>Runs etcdctl, and returns what it said; fails when it fails, unless that is wanted.</summary>
    internal string Ctl(string arguments, bool mayFail = false)
    {
        var start = new ProcessStartInfo("etcdctl", $"--endpoints {Endpoint(0).AbsoluteUri.TrimEnd('/')} {arguments}")
        {
            RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["ETCDCTL_API"] = "3" },
        };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 || mayFail ? said.Result + error : throw new InvalidOperationException($"etcdctl {arguments}: {error}");
    }

    public void Dispose()
    {
        for (var member = 0; member < _members.Length; member++)
            Kill(member);
        Directory.Delete(_directory, recursive: true);
    }

    private string Peer(int member) => $"http://127.0.0.1:{_ports[member].Peer}";

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
