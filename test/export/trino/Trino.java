import com.fasterxml.jackson.databind.ObjectMapper;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.io.File;
import java.util.ArrayList;
import java.util.List;

/** Runs the queries of a JSON file and writes each one's rows, or its error, to another. */
public class Trino {
    public static void main(String[] files) throws Exception {
        ObjectMapper json = new ObjectMapper();
        List<Object> answers = new ArrayList<>();
        try (LocalQueryRunner runner = LocalQueryRunner.create(TestingSession.testSessionBuilder().build())) {
            for (Object query : json.readValue(new File(files[0]), List.class)) {
                try {
                    List<Object> rows = new ArrayList<>();
                    for (MaterializedRow row : runner.execute((String) query)) rows.add(row.getFields());
                    answers.add(rows);
                } catch (RuntimeException | StackOverflowError error) {
                    answers.add(String.valueOf(error));
                }
            }
        }
        json.writeValue(new File(files[1]), answers);
        // The engine's threads are still there.
        System.exit(0);
    }
}
