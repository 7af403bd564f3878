using System.Collections.Immutable;

namespace ActorRaid.Host.Settings;

/// <summary>
/// The settings that the daemon runs with. What a reload finds counts at once, but for keys that count from a start; a file that is
/// not in order changes nothing (at the start: the defaults count, for supervision matters more than a setting).
/// </summary>
internal sealed class SettingsInForce
{
    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly SettingsRead _started;
    private readonly List<Action<DaemonSettings>> _told = [];
    private SettingsRead _read;
    private ImmutableArray<string> _problems;
    private DateTimeOffset? _when;

    /// <summary>Reads the file for the first time.</summary>
    internal SettingsInForce(string path)
    {
        _path = path;
        _started = _read = SettingsFile.Read(path);
        _problems = _read.Problems;
        _when = _read.Exists ? DateTimeOffset.Now : null;
        Now = _read.Settings;
    }

    /// <summary>What is in force.</summary>
    internal DaemonSettings Now { get; private set; }

    /// <summary>What is wrong with the file as it was read last.</summary>
    internal ImmutableArray<string> Problems
    {
        get
        {
            lock (_gate)
                return _problems;
        }
    }

    /// <summary>Has the action called with what is in force: now, and after each reload.</summary>
    internal void Apply(Action<DaemonSettings> action)
    {
        lock (_gate)
        {
            _told.Add(action);
            action(Now);
        }
    }

    /// <summary>Reads the file again. What is wrong with it; none: it is in force.</summary>
    internal ImmutableArray<string> Reload()
    {
        lock (_gate)
        {
            var read = SettingsFile.Read(_path);
            _problems = read.Problems;
            if (_problems.Length > 0)
                return _problems;
            _read = read;
            _when = read.Exists ? DateTimeOffset.Now : null;
            Now = read.Settings with { Stay = _started.Settings.Stay };
            foreach (var action in _told)
                action(Now);
            return [];
        }
    }

    /// <summary>What is in force, and why.</summary>
    /// <param name="process">Ours; 0: we are no daemon.</param>
    internal SettingsReport Report(int process)
    {
        lock (_gate)
        {
            return new SettingsReport(_path, process, _when, _problems, [.. SettingKey.All.Select(key =>
            {
                var value = key.Json(Now);
                var next = key.Json(_read.Settings);
                var given = (key.AtOnce ? _read : _started).Given.Contains(key.Name);
                var from = given ? "file" : value == key.Json(new DaemonSettings()) ? "default" : "environment";
                return new SettingReport(key.Name, value, from, key.AtOnce ? "by a reload" : "by a restart", value == next ? null : next);
            })]);
        }
    }
}
