using System.Globalization;

namespace ActorRaid.Host.Launch;

/// <summary>
/// What a launcher tells the daemon that it starts, as its command line: <c>mdmon --daemon=READY,LOCK
/// [--foreground] [--stay] [--takeover] [CONTAINER...]</c>. Not for people; the name in front is for those who look for mdmon
/// in /proc/PID/cmdline.
/// </summary>
/// <param name="Ready">Descriptor on which a byte says that the daemon is ready; -1: nobody waits.</param>
/// <param name="Lock">Descriptor of the launch lock, to be let go once ready; -1: the launcher keeps it.</param>
/// <param name="Foreground">Log to the console too, and end with the verdict on <paramref name="Containers"/>.</param>
/// <param name="Stay">Stay when there is nothing to supervise.</param>
/// <param name="Takeover">Replace whoever monitors them now.</param>
/// <param name="Containers">What to supervise before being ready.</param>
internal sealed record DaemonOptions(
    int Ready, int Lock, bool Foreground, bool Stay, bool Takeover, IReadOnlyList<string> Containers)
{
    private const string Mark = "--daemon=";

    /// <summary>The arguments behind argv[0].</summary>
    internal string[] ToArguments() =>
    [
        string.Create(CultureInfo.InvariantCulture, $"{Mark}{Ready},{Lock}"),
        .. Foreground ? ["--foreground"] : Array.Empty<string>(),
        .. Stay ? ["--stay"] : Array.Empty<string>(),
        .. Takeover ? ["--takeover"] : Array.Empty<string>(),
        .. Containers,
    ];

    /// <summary>Reads them back; null when they are not a launcher's.</summary>
    internal static DaemonOptions? Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0 || !arguments[0].StartsWith(Mark, StringComparison.Ordinal))
            return null;
        var numbers = arguments[0][Mark.Length..].Split(',');
        if (numbers.Length != 2 || !TryDescriptor(numbers[0], out var ready) || !TryDescriptor(numbers[1], out var @lock))
            return null;
        var options = new DaemonOptions(ready, @lock, false, false, false, []);
        var containers = new List<string>();
        foreach (var argument in arguments.Skip(1))
        {
            switch (argument)
            {
                case "--foreground": options = options with { Foreground = true }; break;
                case "--stay": options = options with { Stay = true }; break;
                case "--takeover": options = options with { Takeover = true }; break;
                default:
                    if (!LaunchRequest.IsName(argument))
                        return null;
                    containers.Add(argument);
                    break;
            }
        }
        return options with { Containers = containers };
    }

    private static bool TryDescriptor(string text, out int descriptor) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out descriptor) && descriptor >= -1;
}
