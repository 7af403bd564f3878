using ActorRaid.Reporting;

namespace ActorRaid.Cluster;

/// <summary>Words from elsewhere.</summary>
public static class Text
{
    private const int Longest = 400;

    /// <summary>As one line of no more than so many characters: it goes to terminals and logs.</summary>
    public static string Line(string text) => Printable.Of((text.Length > Longest ? text[..Longest] : text).ReplaceLineEndings(" ")).Trim();
}
