namespace ActorRaid.Cluster;

/// <summary>Words from elsewhere.</summary>
public static class Text
{
    private const int Longest = 400;

    /// <summary>As one line without control characters: it goes to terminals and logs.</summary>
    public static string Line(string text) =>
        string.Concat(text.Take(Longest).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? ' ' : letter)).Trim();
}
