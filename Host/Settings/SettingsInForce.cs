using System.Collections.Immutable;
using ActorRaid.Reporting.Settings;

namespace ActorRaid.Host.Settings;

/// <summary>What came of reading the file again.</summary>
/// <param name="InForce">Whether it counts now; otherwise nothing has changed.</param>
/// <param name="Problems">What is wrong with the file, or what of it could not be carried out.</param>
internal sealed record Reloaded(bool InForce, ImmutableArray<string> Problems);

/// <summary>
/// The settings that the daemon runs with. What a reload finds counts at once, but for keys that count from a start; a file that is
/// not in order changes nothing (at the start: the defaults count, for supervision matters more than a setting).
/// </summary>
internal sealed class SettingsInForce
{
    private readonly string _path;
    private readonly Lock _gate = new();
    private readonly SettingsRead<DaemonSettings> _started;
    private readonly List<Func<DaemonSettings, string?>> _told = [];
    private SettingsRead<DaemonSettings> _read;
    private ImmutableArray<string> _problems;
    private ImmutableArray<string> _notDone = [];
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

    /// <summary>What is wrong with the file as it was read last, and what of it could not be carried out.</summary>
    internal ImmutableArray<string> Problems
    {
        get
        {
            lock (_gate)
                return [.. _problems, .. _notDone];
        }
    }

    /// <summary>Has the settings carried out by the action, now and after each reload. It says what could not be done; null: all was.</summary>
    /// <returns>What it says now.</returns>
    internal string? Apply(Func<DaemonSettings, string?> action)
    {
        lock (_gate)
        {
            _told.Add(action);
            var problem = action(Now);
            if (problem is not null)
                _notDone = _notDone.Add(problem);
            return problem;
        }
    }

    /// <summary>Reads the file again.</summary>
    internal Reloaded Reload()
    {
        lock (_gate)
        {
            var read = SettingsFile.Read(_path);
            _problems = read.Problems;
            if (_problems.Length > 0)
                return new Reloaded(false, _problems);
            _read = read;
            _when = read.Exists ? DateTimeOffset.Now : null;
            Now = read.Settings with { Stay = _started.Settings.Stay };
            _notDone = [.. _told.Select(action => action(Now)).OfType<string>()];
            return new Reloaded(true, _notDone);
        }
    }

    /// <summary>What is in force, and why.</summary>
    /// <param name="process">Ours; 0: we are no daemon.</param>
    internal SettingsReport Report(int process)
    {
        lock (_gate)
        {
            return new SettingsReport(_path, process, _when, [.. _problems, .. _notDone], [.. SettingKey.All.Select(key =>
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
