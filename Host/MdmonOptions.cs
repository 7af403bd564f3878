namespace ActorRaid.Host;

/// <summary>mdmon's command line as mdmon(8) and mdadm 4.2 to 4.6 have it.</summary>
/// <param name="Container">CONTAINER as it was given; null with --all.</param>
/// <param name="All">Every container of /proc/mdstat.</param>
/// <param name="Takeover">Replace whoever monitors it now.</param>
/// <param name="Foreground">Do not go into the background.</param>
/// <param name="OffRoot">Mark argv[0] with @.</param>
internal sealed record MdmonOptions(string? Container, bool All, bool Takeover, bool Foreground, bool OffRoot)
{
    /// <summary>What --help prints, and every command line that cannot be understood. mdmon exits with 2 after it.</summary>
    internal const string Usage = """
        Usage: mdmon [options] CONTAINER

        CONTAINER is an md container such as md127, /dev/md127, /dev/md/NAME or initrd/NAME.

          -a, --all         supervise every container of /proc/mdstat
          -t, --takeover    replace whoever supervises the container now
          -F, --foreground  stay in the foreground
              --offroot     mark the process (@) to be spared at shutdown
          -h, --help        this text

        """;

    private static readonly string[] LongOptions = ["all", "takeover", "foreground", "offroot", "help"];

    /// <summary>
    /// Reads the arguments behind argv[0]. Null when the usage is to be shown. As with getopt_long options may come in
    /// any place, short ones in one word, long ones cut where that leaves no doubt; and whatever begins with
    /// <c>--all</c> is --all, since mdmon's manual tells people to lengthen it to their liking.
    /// </summary>
    internal static MdmonOptions? Parse(IReadOnlyList<string> arguments)
    {
        bool all = false, takeover = false, foreground = false, offRoot = false;
        var operands = new List<string>();
        var onlyOperands = false;

        bool Take(string option)
        {
            switch (option)
            {
                case "all" or "a": all = true; return true;
                case "takeover" or "t": takeover = true; return true;
                case "foreground" or "F": foreground = true; return true;
                case "offroot": offRoot = true; return true;
                default: return false;
            }
        }

        foreach (var argument in arguments)
        {
            if (onlyOperands || !argument.StartsWith('-') || argument == "-")
                operands.Add(argument);
            else if (argument == "--")
                onlyOperands = true;
            else if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                foreach (var letter in argument.AsSpan(1))
                {
                    if (!Take(letter.ToString()))
                        return null;
                }
            }
            else if (argument.StartsWith("--all", StringComparison.Ordinal))
                all = true;
            else if (!(Unabbreviate(argument[2..]) is { } option && Take(option)))
                return null;
        }

        if (operands.Count > 1 || (operands.Count == 0 && !all))
            return null;
        if (operands is ["/proc/mdstat"])
            all = true;
        return new MdmonOptions(all ? null : operands[0], all, takeover, foreground, offRoot);
    }

    private static string? Unabbreviate(string word)
    {
        if (word.Length == 0)
            return null;
        string? found = null;
        foreach (var option in LongOptions)
        {
            if (!option.StartsWith(word, StringComparison.Ordinal))
                continue;
            if (found is not null)
                return null;
            found = option;
        }
        return found;
    }
}
