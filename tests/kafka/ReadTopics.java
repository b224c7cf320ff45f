/* Reads all committed records of some topics with the Java client, decodes them with Apache Avro and the schema that
 * the registry has, and prints one line of JSON each:
 *
 *     java -cp 'build/servers/kafka/*' tests/kafka/ReadTopics.java BROKERS REGISTRY TOPIC...
 *     {"topic":...,"partition":...,"placed":...,"key":...,"value":{...}}
 *
 * `placed` is the partition in which Java's own producers would put the key. */
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.*;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;

public class ReadTopics {
    static final HttpClient http = HttpClient.newHttpClient();
    static final Map<Integer, Schema> schemas = new HashMap<>();

    static Schema schemaOf(String registry, int id) throws Exception {
        if (!schemas.containsKey(id)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
            String answer = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            String text = (String) ((Map<?, ?>) new com.fasterxml.jackson.databind.ObjectMapper().readValue(answer, Map.class)).get("schema");
            schemas.put(id, new Schema.Parser().parse(text));
        }
        return schemas.get(id);
    }

    static Object decode(String registry, byte[] bytes) throws Exception {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        if (buffer.get() != 0) throw new IllegalStateException("not in the wire format");
        Schema schema = schemaOf(registry, buffer.getInt());
        return new GenericDatumReader<>(schema).read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
    }

    public static void main(String[] arguments) throws Exception {
        List<String> topics = Arrays.asList(arguments).subList(2, arguments.length);
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "isolation.level", "read_committed",
            "enable.auto.commit", false, "auto.offset.reset", "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> places = new ArrayList<>();
            for (String topic : topics)
                consumer.partitionsFor(topic).forEach(p -> places.add(new TopicPartition(topic, p.partition())));
            consumer.assign(places);
            consumer.seekToBeginning(places);
            Map<TopicPartition, Long> ends = consumer.endOffsets(places);
            while (places.stream().anyMatch(p -> consumer.position(p) < ends.get(p)))
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    int count = consumer.partitionsFor(record.topic()).size();
                    int placed = Utils.toPositive(Utils.murmur2(record.key())) % count;
                    System.out.printf("{\"topic\":\"%s\",\"partition\":%d,\"placed\":%d,\"key\":\"%s\",\"value\":%s}%n", record.topic(),
                        record.partition(), placed, new String(record.key()), decode(arguments[1], record.value()));
                }
        }
    }
}
