using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Control;
using ActorRaid.Host.Handoff;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>Where the daemon is met: by launchers, and by whoever takes over from it.</summary>
internal sealed class DaemonPlace : IHandingOver, IDisposable
{
    private readonly LaunchDesk _desk;
    private readonly LaunchPaths _paths;
    private readonly DaemonService _service;
    private readonly HandoffOffer? _offer;
    private readonly ControlDesk _control;
    private readonly StatusBoard _board;
    private LaunchServer _server;
    private ControlServer? _questions;

    /// <summary>Takes its place: whoever was there before is met no more.</summary>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">A socket cannot be bound.</exception>
    internal DaemonPlace(LaunchDesk desk, LaunchPaths paths, DaemonService service, StatusBoard board, HookRunner hooks, Handoffs handoffs)
    {
        _desk = desk;
        _paths = paths;
        _service = service;
        _board = board;
        _control = new ControlDesk(board, service.Events.History, hooks);
        _server = Listen();
        _questions = ListenForQuestions();
        _offer = handoffs.Offer(this);
        BeSpared();
    }

    /// <summary>Completes when another daemon has everything, with its process number.</summary>
    internal Task<int> HandedOver => _offer?.HandedOver ?? NeverHandedOver;

    /// <inheritdoc/>
    public bool Stays => _desk.Stays;

    private static Task<int> NeverHandedOver { get; } = new TaskCompletionSource<int>().Task;

    /// <inheritdoc/>
    public SystemdPlace Systemd => _service.Systemd.Place;

    /// <inheritdoc/>
    public ImmutableArray<SinceWhen> Since => _board.Memory.ToList();

    /// <inheritdoc/>
    public void MakeWay(int successor) => _service.Systemd.MainProcess(successor);

    /// <inheritdoc/>
    public void KeepRest() => _desk.StayNoLonger();

    /// <inheritdoc/>
    public void Hold()
    {
        _board.HandingOver = true;
        _desk.Close();
    }

    /// <inheritdoc/>
    public void Release()
    {
        _board.HandingOver = false;
        _desk.Open();
    }

    /// <inheritdoc/>
    public void TakePlaceAgain()
    {
        if (_questions is not { IsInPlace: true })
        {
            var asked = _questions;
            _questions = ListenForQuestions();
            asked?.Dispose();
        }
        BeSpared();
        if (_server.IsInPlace)
            return;
        var before = _server;
        _server = Listen();
        before.Dispose();
    }

    /// <summary>Agrees to leave, if nobody is being answered.</summary>
    internal bool TryLeave() => _server.TryLeave();

    /// <summary>From here on nobody can take over; a handoff that is under way comes to its end first.</summary>
    internal void EndHandoffs() => _offer?.Close();

    /// <summary>Gives the place up.</summary>
    public void Dispose()
    {
        _server.Dispose();
        _questions?.Dispose();
        _offer?.Dispose();
        if (PidFile.Read(_paths.Spared) is { Ok: true, Value: var process } && process == Environment.ProcessId)
            PidFile.Remove(_paths.Spared);
    }

    /// <summary>mdadm's script does the same with each container's pid file when it is stopped, but those name threads.</summary>
    private void BeSpared()
    {
        if (Directory.Exists(Path.GetDirectoryName(_paths.Spared)) && PidFile.Write(_paths.Spared, Environment.ProcessId) is { Ok: false } refused)
            _service.Events.Write(EventLevel.Warning, "not-spared", refused.Error.ToString());
    }

    private ControlServer? ListenForQuestions() => ControlServer.Listen(_paths.Control, PeerRights.GroupNumber(), _control, _service.Events);

    private LaunchServer Listen() => LaunchServer.Listen(_paths.Socket, _desk.Answer, text => _service.Events.Write(EventLevel.Debug, "launch", text));
}
