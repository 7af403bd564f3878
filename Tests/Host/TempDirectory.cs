namespace ActorRaid.Tests.Host;

/// <summary>A directory that goes when the test ends. Its path is short: local sockets' names are.</summary>
internal sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ar").FullName;

    public string Make(string name, string text)
    {
        var path = $"{Path}/{name}";
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
